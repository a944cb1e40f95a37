// Use every kind of control as a person would, and report what the page then says.
export default async function controls({ page }) {
  await page.evaluate(() => { document.querySelector("#what-if").closest("details").open = true; });
  const seen = {};
  const section = page.locator("#what-if");
  const state = async () => ({
    hash: new URL(page.url()).hash,
    now: await section.locator("[data-faction]").evaluateAll((rows) => rows.map((row) => row.dataset.value)),
  });
  const settle = () => page.waitForTimeout(150);

  seen.rest = await state();
  const item = section.locator("[data-item]").first();
  await item.uncheck();
  await settle();
  seen.item = await state();
  await item.check();

  const parent = section.locator("[data-all]").first();
  await parent.uncheck();
  await settle();
  seen.institution = await state();
  seen.below = await parent.evaluate((box) => [...box.closest("li").querySelectorAll("[data-item]")].every((one) => !one.checked));
  await section.locator(".house + ul [data-item]").first().check();
  await settle();
  seen.half = await parent.evaluate((box) => box.indeterminate);

  await section.locator(".reset").click();
  await settle();
  seen.reset = await state();

  await section.locator("[data-letter]").first().selectOption("E");
  await settle();
  seen.letter = await state();
  await section.locator("[data-digit]").first().selectOption("5");
  await settle();
  seen.digit = await state();
  await section.locator(".reset").click();

  const prior = section.locator("[data-prior]").nth(1);
  await prior.focus();
  for (let press = 0; press < 5; press++) await page.keyboard.press("ArrowRight");
  await settle();
  seen.prior = await state();
  seen.priorTold = await prior.getAttribute("aria-valuetext");
  await section.locator(".reset").click();

  await section.locator("[data-toward]").selectOption({ index: 2 });
  await section.locator("[data-planted]").focus();
  await page.keyboard.press("End");
  await settle();
  seen.planted = await state();

  await section.locator(".copy").click();
  await settle();
  seen.copied = await section.locator(".copied").textContent();
  seen.clipboard = await page.evaluate(() => navigator.clipboard.readText().catch(() => ""));
  await page.waitForTimeout(900);
  seen.told = await section.locator(".told").textContent();
  await page.reload();
  await settle();
  seen.reloaded = await state();
  return seen;
}
