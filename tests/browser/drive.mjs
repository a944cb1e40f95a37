// Opens one page from disk in an installed chromium, lets a script act on it, and prints what happened as JSON.
//
// stdin:  {chromium, page, script, args, width, height, dark, javascript}
// stdout: {value, console, requests}: what the script returned; errors and warnings of the page, with those it threw;
//         every request other than for the page itself.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { text } from "node:stream/consumers";
import { chromium } from "playwright-core";

const FLAGS = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync",
];

const job = JSON.parse(await text(process.stdin));
const profile = await mkdtemp(join(tmpdir(), "page-"));
const context = await chromium.launchPersistentContext(profile, {
  executablePath: job.chromium,
  headless: true,
  args: FLAGS,
  javaScriptEnabled: job.javascript,
  viewport: { width: job.width, height: job.height },
  colorScheme: job.dark ? "dark" : "light",
  permissions: ["clipboard-read", "clipboard-write"],
  timeout: 60_000,
});
try {
  const heard = { console: [], requests: [] };
  const page = context.pages()[0] ?? (await context.newPage());
  page.setDefaultTimeout(20_000);
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) heard.console.push(`${message.type()}: ${message.text()}`);
  });
  page.on("pageerror", (error) => heard.console.push(`thrown: ${error.message}`));
  const url = pathToFileURL(job.page).href;
  page.on("request", (request) => {
    const asked = request.url();
    if (asked.split("#")[0] !== url && !asked.startsWith("data:")) heard.requests.push(asked);
  });
  const { default: act } = await import(pathToFileURL(job.script).href);
  await page.goto(url + (job.fragment ? `#${job.fragment}` : ""));
  const value = await act({ page, context, url, args: job.args });
  process.stdout.write(JSON.stringify({ value: value ?? null, ...heard }));
} finally {
  await context.close();
  await rm(profile, { recursive: true, force: true });
}
