// What html-validate finds wrong in the files named: one line each, as JSON.
import { FileSystemConfigLoader, HtmlValidate } from "html-validate";

const RULES = { extends: ["html-validate:standard"], rules: { "no-trailing-whitespace": "off", "long-title": "off" } };

const checker = new HtmlValidate(new FileSystemConfigLoader({ root: true, ...RULES }));
const found = [];
for (const file of process.argv.slice(2)) {
  const { results } = await checker.validateFile(file);
  for (const { messages } of results)
    for (const { line, ruleId, message } of messages) found.push(`${line}: ${message} (${ruleId})`);
}
process.stdout.write(JSON.stringify(found));
