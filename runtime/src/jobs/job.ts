import * as z from "zod/mini";
import { described, EnvName, Seconds } from "../contract/field.ts";

/** A job of the catalog, as specs and manifests may configure it. */
export interface CatalogJob {
  readonly description: string;
  /**
   * Schema of its options. This is a getter: each start of the runtime loads the whole catalog and
   * builds the schemas of its own jobs only. Each option may also be bound to an environment
   * variable, `{ env: NAME, default }`, which catalog.ts handles for all schemas.
   */
  readonly options: z.ZodMiniObject;
  /**
   * Schema of the input of a manual run, such as `latest=true`. Inputs are plain values, never
   * bound to a variable. A job without it takes no input.
   */
  readonly input?: z.ZodMiniObject;
  /**
   * Options that refuse an empty variable even if they have a default, because a mistake there
   * cannot be undone.
   */
  readonly neverEmpty?: readonly string[];
  /** It reads or writes files that must survive, so it runs where a disk is. */
  readonly needsDisk?: boolean;
  /** A run needs input from a person, so a schedule for it is a mistake. */
  readonly byHandOnly?: boolean;
  /** Options that make it need a disk. */
  readonly diskOptions?: readonly string[];
  /** It keeps a document between runs, so it needs a disk or the stack's state store. */
  readonly needsMemory?: boolean;
}

/** A whole number from 0. */
export const Count = z.int().check(z.minimum(0));

/** A whole number from 1. */
export const Positive = z.int().check(z.minimum(1));

/** A path, relative to the app's directory unless it begins with a slash. */
export const FilePath = z.string().check(z.minLength(1));

/** Text of at least one character. */
export const Text = z.string().check(z.minLength(1));

/** The option `urlEnv` of jobs that use a Redis. */
export function redisUrlOption() {
  const text = "Environment variable with the URL of the Redis. Default: REDIS_URL.";
  return described(z.optional(EnvName), text, "REDIS_URL");
}

/** The options of jobs that call a URL. */
export function urlOptions() {
  return {
    url: described(
      z.optional(Text),
      "URL with https://. The variable in urlEnv overrides it.",
      "https://api.example.com/internal/refresh",
    ),
    urlEnv: described(
      z.optional(EnvName),
      "Environment variable with the URL. Default: url.",
      "REFRESH_URL",
    ),
    tokenEnv: described(
      z.optional(EnvName),
      "Environment variable with a token to send. Nothing is sent if it is empty.",
      "INTERNAL_API_KEY",
    ),
    tokenHeader: described(
      z.optional(Text.check(z.regex(/^[\w-]+$/))),
      "Header that carries the token. Default: Authorization, as a Bearer token.",
      "x-internal-key",
    ),
    timeoutSeconds: described(
      z.optional(Seconds),
      "Time limit of the request, in seconds. Default: 60.",
      10,
    ),
  };
}
