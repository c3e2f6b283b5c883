import * as z from "zod/mini";

/** A length of time in whole seconds, more than none. */
export const Seconds = z.int().check(z.minimum(1));

/** A length of time in whole milliseconds, more than none. */
export const Milliseconds = z.int().check(z.minimum(1));

/** Name of an environment variable. A manifest names variables and never carries their values. */
export const EnvName = z.string().check(z.regex(/^[A-Za-z_][A-Za-z0-9_]*$/));
