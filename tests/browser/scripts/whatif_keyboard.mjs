// From the answer on with the Tab key alone: what gets the focus, in order, and whether one can see that it has it.
export default async function keyboard({ page }) {
  await page.evaluate(() => { document.querySelector("#what-if").closest("details").open = true; });
  await page.locator("#what-if .answer").focus();
  const met = [];
  for (let press = 0; press < 400; press++) {
    await page.keyboard.press("Tab");
    const found = await page.evaluate(() => {
      const one = document.activeElement;
      if (!one.closest("#what-if")) return null;
      const style = getComputedStyle(one);
      const seen = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
      return { kind: one.type ?? one.localName, seen };
    });
    if (!found) break;
    met.push(found);
  }
  const there = await page.locator("#what-if .live").evaluate(
    (live) => [...live.querySelectorAll("input, select, button, summary")].filter((one) => !one.disabled).length,
  );
  return { met, there };
}
