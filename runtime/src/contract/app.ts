import * as z from "zod/mini";
import { EnvName, Seconds } from "./field.ts";

/** Something that must answer before the app starts. */
export const ManifestGate = z.strictObject({
  name: z.string(),
  /** `clamav`: answers PONG to PING over TCP. */
  kind: z.enum(["tcp", "http", "clamav"]),
  url: z.optional(z.string()),
  urlEnv: z.optional(EnvName),
  host: z.optional(z.string()),
  hostEnv: z.optional(EnvName),
  port: z.optional(z.int()),
  portEnv: z.optional(EnvName),
  /** What happens when it never answers: `closed` (the default) stops the start, `open` warns. */
  fail: z.optional(z.enum(["closed", "open"])),
  /** Variable that decides it while running: only `0` opens. */
  failClosedEnv: z.optional(EnvName),
  timeoutSeconds: z.optional(Seconds),
});

/** A migration before the app starts, under a lock that all instances share. */
const Migration = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("postgres"),
    command: z.string(),
    urlEnv: EnvName,
    /** Ends with 0 when there is nothing to migrate, so that no lock is needed. */
    atHead: z.optional(z.string()),
    deadlineSeconds: z.optional(Seconds),
  }),
  z.strictObject({
    kind: z.literal("sqlite"),
    path: z.string(),
    /** Folder of `<id>.sql` files and of executable files, in the order of their names. */
    directory: z.string(),
    /** `app`: the app migrates by itself and only its status is read. */
    owner: z.optional(z.enum(["runtime", "app"])),
  }),
]);

/** What must keep beating, and after how long its silence restarts the app. */
const Watchdog = z.strictObject({
  checkSeconds: z.optional(Seconds),
  /** Variable with another check interval, and with another stall limit. */
  checkEnv: z.optional(EnvName),
  stallEnv: z.optional(EnvName),
  /** Without a sign of life for so long the app is restarted; 3 checks and 30 s without it. */
  stallSeconds: z.optional(Seconds),
  /** With a component that reports its connection: longest time without one. */
  disconnectSeconds: z.optional(Seconds),
  disconnectEnv: z.optional(EnvName),
  /** Signs of life: a reported heartbeat (its name), or a path of the app that answers. */
  heartbeat: z.optional(z.string()),
  path: z.optional(z.string()),
  /** Component whose connection is watched. */
  connection: z.optional(z.string()),
});

/** How the runtime supervises an app. */
export const ManifestApp = z.strictObject({
  /** The runtime answers on PORT and passes on to the app, which gets a port of its own as PORT. */
  front: z.optional(z.boolean()),
  /** Port of health and ops paths when the runtime is not in front. */
  opsPort: z.optional(z.int()),
  /** The platform's time between SIGTERM and SIGKILL. */
  graceSeconds: Seconds,
  restart: z.optional(
    z.strictObject({
      policy: z.enum(["always", "on-failure", "never"]),
      /** Most restarts within the window; then the process ends, and the platform sees it. */
      max: z.optional(z.int().check(z.minimum(0))),
      windowSeconds: z.optional(Seconds),
    }),
  ),
  /** A database with which an empty disk starts: never over a file that is there. */
  seed: z.optional(
    z.strictObject({
      file: z.string(),
      from: z.string(),
      encoding: z.optional(z.enum(["plain", "gzip", "base64", "gzip-base64"])),
    }),
  ),
  gates: z.optional(z.array(ManifestGate)),
  migrate: z.optional(Migration),
  watchdog: z.optional(Watchdog),
});

export type ManifestApp = z.infer<typeof ManifestApp>;
