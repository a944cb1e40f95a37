// The page by keyboard alone: the skip link, the choice of a rival, details, and every region that scrolls.
export default async function keyboard({ page }) {
  await page.keyboard.press("Tab");
  const first = await page.evaluate(() => document.activeElement.textContent.trim());
  const seen = new Set(), unseen = [];
  let opened = false, rival = null, reachable = 0;
  await page.evaluate(() => document.body.querySelectorAll(".wide[tabindex]").forEach((one, n) => (one.dataset.n = n)));
  for (let step = 0; step < 1500; step += 1) {
    const at = await page.evaluate(() => {
      const one = document.activeElement;
      if (!one || one === document.body) return null;
      const box = (one.matches("input") && one.labels?.[0] ? one.labels[0] : one).getBoundingClientRect();
      return { tag: one.tagName, name: one.name ?? "", region: one.dataset?.n ?? "", seen: box.width > 0 && box.height > 0,
               closed: one.tagName === "SUMMARY" && !one.parentElement.open, text: one.textContent.slice(0, 40) };
    });
    if (!at) break;
    if (!at.seen) unseen.push(`${at.tag} ${at.text}`);
    if (at.region !== "" && !seen.has(at.region)) { seen.add(at.region); reachable += 1; }
    if (at.closed) { await page.keyboard.press("Enter"); opened = true; }
    if (at.name === "rival" && !rival) {
      const checked = () => page.evaluate(() => document.querySelector("[name=rival]:checked").id);
      const before = await checked();
      await page.keyboard.press("ArrowRight");
      const after = await checked();
      const shown = await page.evaluate(() => [...document.querySelectorAll(".choice .panel")].filter((one) => one.offsetHeight).length);
      rival = { before, after, shown };
    }
    await page.keyboard.press("Tab");
  }
  const regions = await page.evaluate(() => [...document.querySelectorAll(".wide[tabindex]")].filter((one) => one.offsetHeight).length);
  return { first, rival, opened, unseen, regions, reachable };
}
