import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { loadClaimLedgers } from "./reference/claim-ledger.ts";
import { renderClaimsPage } from "./reference/claims-page.ts";
import { renderJobPage } from "./reference/job-page.ts";
import { loadJobPages } from "./reference/job-pages.ts";
import { renderReference } from "./reference/reference.ts";
import { renderSpecSchema } from "./reference/spec-schema.ts";
import { CHECKOUT } from "./workspace/paths.ts";

/** One page a job; what else is in the folder is of a job that is gone. */
const JOB_PAGES = "docs/jobs";

const jobs = await loadJobPages();

/** What is made from the code, by its path in the checkout; what has no text any more goes. */
const GENERATED: readonly (readonly [path: string, text: string | undefined])[] = [
  ["infra/spec/stack.schema.json", renderSpecSchema()],
  ["docs/reference.md", await renderReference(jobs)],
  ["docs/runbook-claims.md", renderClaimsPage(loadClaimLedgers())],
  ...Object.entries(jobs).map(([name, job]) => [pagePath(name), renderJobPage(name, job)] as const),
  ...leftPages().map((path) => [path, undefined] as const),
];

const { values } = parseArgs({ options: { check: { type: "boolean" } } });
const stale = GENERATED.filter(([path, text]) => readIfPresent(path) !== text);

for (const [path, text] of stale) {
  if (values.check) {
    process.stderr.write(`${path}: is not what the code says. Run npm run generate.\n`);
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
process.exitCode = values.check && stale.length > 0 ? 1 : 0;

function pagePath(name: string): string {
  return `${JOB_PAGES}/${name}.md`;
}

function leftPages(): string[] {
  const folder = join(CHECKOUT, JOB_PAGES);
  const known = new Set(Object.keys(jobs).map((name) => `${name}.md`));
  const present = existsSync(folder) ? readdirSync(folder) : [];
  return present.filter((file) => !known.has(file)).map((file) => `${JOB_PAGES}/${file}`);
}

function readIfPresent(path: string): string | undefined {
  try {
    return readFileSync(join(CHECKOUT, path), "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}
