// Answers of the page's own modules: stdin {data, links}, stdout one answer per link.
import { text } from "node:stream/consumers";
import { Network } from "../../../attribution/reporting/templates/whatif/network.mjs";
import { parse } from "../../../attribution/reporting/templates/whatif/settings.mjs";

const { data, links } = JSON.parse(await text(process.stdin));
const network = new Network(data);
const answers = links.map((link) => {
  const { settings, ignored } = parse(link, data);
  const start = performance.now();
  return { ...network.answer(settings), ignored, ms: performance.now() - start };
});
process.stdout.write(JSON.stringify(answers));
