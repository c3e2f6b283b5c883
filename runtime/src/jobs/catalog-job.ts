import type * as z from "zod/mini";

/** A job that the runtime knows by name, as specs and manifests may configure it. */
export interface CatalogJob {
  readonly description: string;
  /**
   * Its options: a getter, because each start of the runtime loads the whole catalog and builds the
   * schemas of its own jobs only. Each of them may also be bound to an environment variable, `{ env: NAME, default }`,
   * which the schema need not say: see option-binding.ts.
   */
  readonly options: z.ZodMiniObject;
  /**
   * What a person may say when he starts a run by hand, such as `latest=true`. The values are plain:
   * nothing is bound to a variable. Without it a run takes no input.
   */
  readonly input?: z.ZodMiniObject;
  /**
   * Options whose variable is refused when it is set to nothing, although they have a default there:
   * what a slip of the hand would decide is not undone.
   */
  readonly neverEmpty?: readonly string[];
  /** It reads or writes files that must survive, so it runs where a disk is. */
  readonly needsDisk?: boolean;
  /** A run needs what a person says, so that a schedule of it is a mistake. */
  readonly byHandOnly?: boolean;
  /** It needs a disk when one of these options is said. */
  readonly diskOptions?: readonly string[];
  /** It remembers something between runs: on a disk, or where the stack keeps its run records. */
  readonly needsMemory?: boolean;
}
