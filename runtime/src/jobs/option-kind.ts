import * as z from "zod/mini";
import { EnvName } from "../contract/duration.ts";

/** How many, and none is fine. */
export const Count = z.int().check(z.minimum(0));

/** How many, at least one. */
export const Positive = z.int().check(z.minimum(1));

/** A path, relative to the app's directory unless it begins with a slash. */
export const FilePath = z.string().check(z.minLength(1));

/** Text that is there. */
export const Text = z.string().check(z.minLength(1));

/** The option of every job on a Redis that says which one. */
export function redisUrlOption() {
  return z.optional(EnvName).check(
    z.meta({
      description: "Variable with the URL of the Redis; REDIS_URL without it.",
      examples: ["REDIS_URL"],
    }),
  );
}
