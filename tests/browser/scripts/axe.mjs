// What axe-core finds wrong: one line per violation, with the first element concerned.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

export default async function axe({ page, args }) {
  const source = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
  await page.evaluate(source);
  const found = await page.evaluate((within) => globalThis.axe.run(within ?? document), args?.within ?? null);
  return found.violations.map((one) => `${one.id}: ${one.help} (${one.nodes.length}x, ${one.nodes[0].target})`);
}
