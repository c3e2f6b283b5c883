import * as z from "zod/mini";

/** How many, and none is fine. */
export const Count = z.int().check(z.minimum(0));

/** How many, at least one. */
export const Positive = z.int().check(z.minimum(1));

/** A path, relative to the app's directory unless it begins with a slash. */
export const FilePath = z.string().check(z.minLength(1));

/** Text that is there. */
export const Text = z.string().check(z.minLength(1));
