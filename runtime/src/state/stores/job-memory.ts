import type { RuntimeManifest } from "../../contract/manifest.ts";
import type { Env } from "../../contract/env.ts";
import { changeDocument, openDocument } from "./document.ts";

/** What a job remembers from one run to the next: a JSON value a name, which outlives the container. */
export interface JobMemory {
  /**
   * The value, or undefined when there is none. Where what is kept is not ours it is given as text,
   * so that who asks for a value of his own kind can tell that it is none.
   */
  read(name: string): Promise<unknown>;
  write(name: string, value: unknown): Promise<void>;
  close(): Promise<void>;
}

/** Name of the document: one for all jobs of a stack, whose number the spec limits. */
const DOCUMENT = "job-memory";

/**
 * The memory of a stack's jobs, in its store. Undefined without one.
 *
 * @param directory where relative paths begin
 */
export async function openJobMemory(
  manifest: Pick<RuntimeManifest, "system" | "stack" | "stores">,
  env: Env,
  directory: string,
): Promise<JobMemory | undefined> {
  const document = await openDocument(manifest, { env, directory }, DOCUMENT);
  if (!document.isKept) return undefined;
  return {
    read: async (name) => {
      const { text } = await document.read();
      const values = valuesOf(text);
      return values ? values[name] : text;
    },
    write: (name, value) =>
      changeDocument(document, (text) => ({
        text: JSON.stringify({ ...valuesOf(text), [name]: value }),
        result: undefined,
      })),
    close: () => document.close(),
  };
}

/** The values by name; undefined for a text that is not ours. */
function valuesOf(text: string | undefined): Readonly<Record<string, unknown>> | undefined {
  if (text === undefined) return {};
  try {
    const values: unknown = JSON.parse(text);
    const isOurs = typeof values === "object" && values !== null && !Array.isArray(values);
    return isOurs ? { ...values } : undefined;
  } catch {
    return undefined;
  }
}
