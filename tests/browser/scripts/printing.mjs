// On paper: what stays closed, what cannot be used there, tables wider than their sheet, and the sheets of the PDF.
const SHEET = 688, BROAD = 1032; // A4 less its margins, in pixels: portrait, landscape

export default async function printing({ page, args }) {
  if (args?.open) await page.evaluate(() => { for (const one of document.querySelectorAll("details")) one.open = true; });
  await page.emulateMedia({ media: "print" });
  const measured = async (width, chosen) => {
    await page.setViewportSize({ width, height: 900 });
    return page.evaluate((chosen) => [...document.querySelectorAll(chosen)]
      .filter((one) => one.scrollWidth > one.clientWidth + 1)
      .map((one) => `${one.getAttribute("aria-label")}: ${one.scrollWidth} in ${one.clientWidth}`), chosen);
  };
  const wide = [...(await measured(SHEET, ".wide:not(.evidence)")), ...(await measured(BROAD, ".wide.evidence"))];
  const found = await page.evaluate(() => ({
    closed: [...document.querySelectorAll("details")].filter((one) => one.offsetHeight && one.lastElementChild.offsetHeight === 0).length,
    controls: [...document.querySelectorAll("nav, button, select, input[type=range]")].filter((one) => one.offsetHeight).length,
  }));
  const pdf = (await page.pdf({ preferCSSPageSize: true, printBackground: true })).toString("latin1");
  const boxes = [...pdf.matchAll(/\/MediaBox\s*\[\s*([\d.]+)\s+([\d.]+)\s+([\d.]+)\s+([\d.]+)/g)].map((box) => box.slice(3).map(Number));
  return { ...found, wide, portrait: boxes.filter(([x, y]) => y > x).length, landscape: boxes.filter(([x, y]) => x > y).length };
}
