import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { CATALOG } from "@opspec/runtime/catalog";
import { CHECKOUT } from "../workspace/paths.ts";
import type { DescribedJob } from "./job-page.ts";

/** Every job of the catalog, in its order, with the text of `runtime/src/jobs/<name>/page.md`. */
export function loadJobPages(): Readonly<Record<string, DescribedJob>> {
  return Object.fromEntries(
    Object.entries(CATALOG).map(([name, job]) => [name, { job, page: loadPage(name) }]),
  );
}

/** Path of a job's page file, for messages. */
export function pageFile(name: string): string {
  return `runtime/src/jobs/${name}/page.md`;
}

function loadPage(name: string): string | undefined {
  const file = join(CHECKOUT, pageFile(name));
  return existsSync(file) ? readFileSync(file, "utf8") : undefined;
}
