// Whether text of a case has become anything but text: dialogs, scripts, pictures, handlers, links that are not pages.
export default async function inert({ page }) {
  let dialogs = 0;
  page.on("dialog", async (dialog) => { dialogs += 1; await dialog.dismiss(); });
  await page.reload();
  await page.waitForTimeout(300);
  const found = await page.evaluate(() => {
    const runs = [...document.scripts].filter((one) => !one.type.includes("json"));
    const handlers = [...document.querySelectorAll("*")].filter((one) => [...one.attributes].some((a) => /^on/i.test(a.name)));
    const links = [...document.links].map((one) => one.getAttribute("href")).filter((href) => !/^(https?:\/\/|#)/.test(href));
    return { scripts: runs.length, images: document.images.length, handlers: handlers.length, links };
  });
  return { dialogs, ...found };
}
