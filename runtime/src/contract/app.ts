import * as z from "zod/mini";
import { EnvName, Seconds } from "./field.ts";

/** A service that must respond before the app starts. */
export const ManifestGate = z.strictObject({
  name: z.string(),
  /** `clamav`: the service answers PONG to PING over TCP. */
  kind: z.enum(["tcp", "http", "clamav"]),
  url: z.optional(z.string()),
  urlEnv: z.optional(EnvName),
  host: z.optional(z.string()),
  hostEnv: z.optional(EnvName),
  port: z.optional(z.int()),
  portEnv: z.optional(EnvName),
  /** If the gate stays closed, `closed` (the default) fails the start, and `open` logs a warning. */
  fail: z.optional(z.enum(["closed", "open"])),
  /** Variable that overrides `fail`: only `0` means `open`. */
  failClosedEnv: z.optional(EnvName),
  timeoutSeconds: z.optional(Seconds),
});

/** A migration before the app starts, under a lock that all instances share. */
const Migration = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("postgres"),
    command: z.string(),
    urlEnv: EnvName,
    /** Command that exits with 0 if there is nothing to migrate. Then no lock is needed. */
    atHead: z.optional(z.string()),
    deadlineSeconds: z.optional(Seconds),
  }),
  z.strictObject({
    kind: z.literal("sqlite"),
    path: z.string(),
    /** Folder of `<id>.sql` files and executable files, run in the order of their names. */
    directory: z.string(),
    /** `app`: the app migrates itself, and the runtime only reads the status. */
    owner: z.optional(z.enum(["runtime", "app"])),
  }),
]);

/** Restarts the app when its signs of life stop. */
const Watchdog = z.strictObject({
  checkSeconds: z.optional(Seconds),
  /** Variables that override the check interval and the stall limit. */
  checkEnv: z.optional(EnvName),
  stallEnv: z.optional(EnvName),
  /** Time without a sign of life after which the app is restarted. Default: 3 checks and 30 s. */
  stallSeconds: z.optional(Seconds),
  /** Maximum time without a connection, for a component that reports its connection. */
  disconnectSeconds: z.optional(Seconds),
  disconnectEnv: z.optional(EnvName),
  /** Sign of life: the name of a reported heartbeat, or a path of the app that must answer. */
  heartbeat: z.optional(z.string()),
  path: z.optional(z.string()),
  /** Component whose connection to watch. */
  connection: z.optional(z.string()),
});

/** How the runtime supervises an app. */
export const ManifestApp = z.strictObject({
  /** Reverse proxy: the runtime listens on PORT and forwards to the app, which gets another port as PORT. */
  front: z.optional(z.boolean()),
  /** Port of the health and ops paths without a reverse proxy. */
  opsPort: z.optional(z.int()),
  /**
   * When the app must not start: `wait` (the default) answers health and ops paths and tries again,
   * `exit` ends the process. A process without a port always exits.
   */
  refusedStart: z.optional(z.enum(["wait", "exit"])),
  /** Time between the platform's SIGTERM and SIGKILL. */
  graceSeconds: Seconds,
  restart: z.optional(
    z.strictObject({
      policy: z.enum(["always", "on-failure", "never"]),
      /** Maximum number of restarts within the window. After that the process exits, so that the platform notices. */
      max: z.optional(z.int().check(z.minimum(0))),
      windowSeconds: z.optional(Seconds),
    }),
  ),
  /** Initial database for an empty disk. It never overwrites a file. */
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
