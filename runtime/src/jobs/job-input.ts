import * as z from "zod/mini";
import type { CatalogJob } from "./catalog-job.ts";
import { optionProblems } from "./option-problem.ts";
import { ConfigurationError } from "../contract/configuration-error.ts";

/** What was said by hand for one run, as `--input name=value` or in the body of a request. */
export type JobInput = Readonly<Record<string, unknown>>;

/**
 * The input as the job's schema gives it back; throws a ConfigurationError that tells every problem.
 *
 * The catalog holds the schemas of all jobs, so it is loaded only when somebody said something.
 */
export async function checkedInput(
  { name, uses }: { readonly name: string; readonly uses: string },
  input: JobInput = {},
): Promise<JobInput> {
  if (Object.keys(input).length === 0) return input;
  const { CATALOG } = await import("./catalog.ts");
  const job: CatalogJob | undefined = Object.hasOwn(CATALOG, uses) ? CATALOG[uses] : undefined;
  const schema = job?.input;
  if (!schema) {
    const message = `"${uses}" takes no input.`;
    const remedy = `Start it without: ${Object.keys(input).join(", ")}.`;
    throw new ConfigurationError([{ where: `jobs/${name}/input`, message, remedy }]);
  }
  const problems = optionProblems(uses, schema, input);
  if (problems.length > 0) {
    throw new ConfigurationError(
      problems.map(({ option, message, remedy }) => ({
        where: `jobs/${name}/input/${option}`,
        message,
        remedy,
      })),
    );
  }
  return schema.parse(input);
}

/** Something that may be said for one run, as people are told of it. */
export interface InputName {
  readonly name: string;
  readonly description: string;
  readonly isYesOrNo: boolean;
}

/** What a run of such a job may be told by hand. */
export async function inputNames(uses: string): Promise<InputName[]> {
  const { CATALOG } = await import("./catalog.ts");
  const job: CatalogJob | undefined = Object.hasOwn(CATALOG, uses) ? CATALOG[uses] : undefined;
  return Object.entries(job?.input?.shape ?? {}).map(([name, schema]) => ({
    name,
    description: z.globalRegistry.get(schema)?.description ?? "",
    isYesOrNo: z.safeParse(schema, true).success && !z.safeParse(schema, "yes").success,
  }));
}
