import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { renderReference } from "./reference/reference.ts";
import { renderSpecSchema } from "./reference/spec-schema.ts";
import { CHECKOUT } from "./workspace/paths.ts";

/** What is made from the code, by its path in the checkout. */
const GENERATED: readonly (readonly [path: string, text: string])[] = [
  ["infra/spec/stack.schema.json", renderSpecSchema()],
  ["docs/reference.md", await renderReference()],
];

const { values } = parseArgs({ options: { check: { type: "boolean" } } });
const stale = GENERATED.filter(([path, text]) => readIfPresent(path) !== text);

for (const [path, text] of stale) {
  if (values.check) {
    process.stderr.write(`${path}: is not what the code says. Run npm run generate.\n`);
  } else {
    const file = join(CHECKOUT, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    process.stdout.write(`${path}: written.\n`);
  }
}
process.exitCode = values.check && stale.length > 0 ? 1 : 0;

function readIfPresent(path: string): string | undefined {
  try {
    return readFileSync(join(CHECKOUT, path), "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}
