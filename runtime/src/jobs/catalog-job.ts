import type * as z from "zod/mini";

/** A job that the runtime knows by name, as specs and manifests may configure it. */
export interface CatalogJob {
  readonly description: string;
  /**
   * Its options. Each of them may also be bound to an environment variable, `{ env: NAME, default }`,
   * which the schema need not say: see option-binding.ts.
   */
  readonly options: z.ZodMiniObject;
  /** It reads or writes files that must survive, so it runs where a disk is. */
  readonly needsDisk?: boolean;
}
