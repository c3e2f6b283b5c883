import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { hasCode } from "../infra/errors.ts";
import { renderSystemPresets } from "./reference/system-presets.ts";
import { CHECKOUT } from "./workspace/paths.ts";

/** A generated file by its path in the checkout. A file without text is deleted. */
type GeneratedFile = readonly [path: string, text: string | undefined];

/** One page per job. Other files in the folder belong to removed jobs and are deleted. */
const JOB_PAGES = "docs/jobs";

const { values } = parseArgs({ options: { check: { type: "boolean" } } });

// The other files import the runtime, which loads only with a current list of presets.
const isLoadable = update(renderSystemPresets(CHECKOUT)) || !values.check;
const isCurrent = isLoadable && update(await documents());
process.exitCode = values.check && !isCurrent ? 1 : 0;

/** All generated files. */
async function documents(): Promise<GeneratedFile[]> {
  const { loadClaimLedgers } = await import("./reference/claim-ledger.ts");
  const { renderClaimsPage } = await import("./reference/claims-page.ts");
  const { renderJobPage } = await import("./reference/job-page.ts");
  const { loadJobPages } = await import("./reference/job-pages.ts");
  const { renderReference } = await import("./reference/reference.ts");
  const { renderSpecSchema } = await import("./reference/spec-schema.ts");
  const jobs = loadJobPages();
  return [
    ["infra/spec/stack.schema.json", renderSpecSchema()],
    ["docs/reference.md", await renderReference(jobs)],
    ["docs/runbook-claims.md", renderClaimsPage(loadClaimLedgers())],
    ...Object.entries(jobs).map(
      ([name, job]) => [`${JOB_PAGES}/${name}.md`, renderJobPage(name, job)] as const,
    ),
    ...leftPages(Object.keys(jobs)).map((path) => [path, undefined] as const),
  ];
}

/** Writes the files that differ; with --check only reports them. False when a file differed. */
function update(generated: readonly GeneratedFile[]): boolean {
  const stale = generated.filter(([path, text]) => readIfPresent(path) !== text);
  for (const [path, text] of stale) {
    if (values.check) {
      process.stderr.write(`${path}: is stale. Run npm run generate.\n`);
    } else if (text === undefined) {
      rmSync(join(CHECKOUT, path));
      process.stdout.write(`${path}: removed.\n`);
    } else {
      const file = join(CHECKOUT, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
      process.stdout.write(`${path}: written.\n`);
    }
  }
  return stale.length === 0;
}

function leftPages(jobs: readonly string[]): string[] {
  const folder = join(CHECKOUT, JOB_PAGES);
  const known = new Set(jobs.map((name) => `${name}.md`));
  const present = existsSync(folder) ? readdirSync(folder) : [];
  return present.filter((file) => !known.has(file)).map((file) => `${JOB_PAGES}/${file}`);
}

function readIfPresent(path: string): string | undefined {
  try {
    return readFileSync(join(CHECKOUT, path), "utf8");
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
}
