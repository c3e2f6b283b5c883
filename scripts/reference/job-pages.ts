import { existsSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { CATALOG } from "@opspec/runtime/catalog";
import type { JobPage } from "../../runtime/src/jobs/job.ts";
import { CHECKOUT } from "../workspace/paths.ts";
import type { DescribedJob } from "./job-page.ts";

/** Every job of the catalog, in its order, with the text of `runtime/src/jobs/<name>/page.ts`. */
export async function loadJobPages(): Promise<Readonly<Record<string, DescribedJob>>> {
  const described = await Promise.all(
    Object.entries(CATALOG).map(async ([name, job]) => [name, { job, page: await loadPage(name) }]),
  );
  return Object.fromEntries(described);
}

/** Path of a job's page file, for messages. */
export function pageFile(name: string): string {
  return `runtime/src/jobs/${name}/page.ts`;
}

async function loadPage(name: string): Promise<JobPage | undefined> {
  const file = join(CHECKOUT, pageFile(name));
  if (!existsSync(file)) return undefined;
  const module: object = await import(pathToFileURL(file).href);
  const page = Object.values(module).find(isJobPage);
  if (page) return page;
  throw new Error(`${pageFile(name)}: exports no JobPage. Export one constant of that type.`);
}

function isJobPage(value: unknown): value is JobPage {
  return (
    typeof value === "object" &&
    value !== null &&
    ["alsoKnownAs", "does", "artifacts", "exits", "dryRun", "example"].every((key) => key in value)
  );
}
