// A picture of the page, or of one element of it, for people to look at: args {path, of}.
export default async function screenshot({ page, args }) {
  if (args.of) await page.locator(args.of).first().screenshot({ path: args.path });
  else await page.screenshot({ path: args.path, fullPage: true });
  return args.path;
}
