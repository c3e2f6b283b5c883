import { CATALOG } from "./catalog.ts";
import type { JobWork } from "./definition.ts";

/** Loads the work of a job of the catalog. A run of one job does not load the others. */
export async function loadWork(name: string): Promise<JobWork> {
  if (!Object.hasOwn(CATALOG, name)) throw new Error(`unreachable: the catalog has no job ${name}`);
  const { work }: { readonly work: JobWork } = await import(`./${name}/work.ts`);
  return work;
}
