import * as z from "zod/mini";

/**
 * Paths of operators that may answer without a token: what they tell holds no file, no backup, no
 * secret and nothing that an app printed, as the details of runs do; nothing is changed by asking.
 */
export const OPENABLE_PATHS = [
  "/ops/caches",
  "/ops/checks",
  "/ops/digest",
  "/ops/jobs",
  "/ops/migrations",
  "/ops/queues",
  "/ops/toggles",
  "/ops/verify",
  "/ops/version",
] as const;

const OpenPath = z.enum(OPENABLE_PATHS);

/** Which paths of operators answer without a token. */
export const ManifestOps = z.strictObject({
  /** To callers on this machine itself; everybody else needs the token. */
  loopbackOnly: z.optional(z.array(OpenPath)),
  /** To anybody. */
  public: z.optional(z.array(OpenPath)),
});

export type ManifestOps = z.infer<typeof ManifestOps>;
