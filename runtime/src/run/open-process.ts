import { hostname } from "node:os";
import type { Alerts } from "../alerts/alerts.ts";
import { openCaches } from "../sources/caches.ts";
import type { RuntimeManifest } from "../contract/manifest.ts";
import { createLogger } from "../log.ts";
import type { RunRecord } from "../contract/run-record.ts";
import { type Env, namedVariables, valueOf } from "../contract/env.ts";
import { resolveSecretFiles } from "../contract/secret-file.ts";
import { openState } from "../state/state-store.ts";
import type { SqlDatabase } from "../databases/sql-database.ts";
import { openToggles } from "../sources/toggles.ts";
import { type Clock, SYSTEM_CLOCK } from "./clock.ts";
import { ConcurrencyPolicy } from "./concurrency-policy.ts";
import { appendHistory } from "./history.ts";
import type { ProcessContext } from "./process.ts";
import type { RunProcess } from "./run.ts";
import { waitAtMost } from "./timer.ts";
import { randomUuid } from "./uuid.ts";

/**
 * Variables in which platforms put the commit. @see https://render.com/docs/environment-variables
 */
const COMMIT_VARIABLES = ["RENDER_GIT_COMMIT", "OPSPEC_COMMIT", "GIT_COMMIT", "GITHUB_SHA"];

/** Variables in which platforms put the instance. */
const HOST_VARIABLES = ["RENDER_INSTANCE_ID", "OPSPEC_HOST"];

/**
 * Longest waits for background work at the end of a process, in ms; the shorter one when it must
 * stop.
 */
const BACKGROUND_WAIT_MS = 10_000;
const STOPPED_WAIT_MS = 2_000;

/** Longest wait for alerts at the end; a channel accepts one message in 10 s. */
const ALERTS_WAIT_MS = 15_000;

/** A process that runs jobs, until it is closed. */
export type OpenProcess = RunProcess & { readonly close: () => Promise<void> };

/**
 * Opens what the jobs of a process share. Relative paths start at `directory`, the app's directory.
 */
export async function openProcess(
  manifest: RuntimeManifest,
  environment: Env,
  directory: string = process.cwd(),
): Promise<OpenProcess> {
  const named = new Set(namedVariables(manifest).keys());
  const env = resolveSecretFiles(environment, named);
  const log = createLogger({ manifest, env, name: "run" });
  const host = firstOf(env, HOST_VARIABLES) ?? hostname();
  const stop = new AbortController();
  const base = { manifest, env, childEnv: environment, log, directory, host, stop };
  const state = await openState(manifest, { env, directory, log });
  const toggles = openToggles(manifest.toggles, { env, directory, log });
  const caches = openCaches(manifest.caches, { env, directory, log });
  const background = new Set<Promise<void>>();
  const alerts = await openSink({ ...base, database: state.database, clock: SYSTEM_CLOCK });
  return {
    ...base,
    clock: SYSTEM_CLOCK,
    holder: `${host}:${process.pid}:${randomUuid().slice(0, 8)}`,
    commit: firstOf(env, COMMIT_VARIABLES) ?? null,
    records: state.records,
    coordination: state.leases,
    lockStoreOf: async ({ lock }) =>
      lock ? state.leasesIn({ kind: lock.store, urlEnv: lock.urlEnv }) : state.leases,
    memory: async () => state.jobMemory,
    toggles,
    caches,
    alerts,
    concurrency: new ConcurrencyPolicy(),
    active: new Map(),
    cancels: new Map(),
    observers: new Set(historyOf(base)),
    background,
    close: async () => {
      const waitMs = stop.signal.aborted ? STOPPED_WAIT_MS : BACKGROUND_WAIT_MS;
      await waitAtMost(Promise.all(background), waitMs);
      // Alerts that no store keeps are lost with this process, so it waits for them when it must stop, too.
      const isLeftToOthers = stop.signal.aborted && state.database.isKept;
      await alerts.close(isLeftToOthers ? STOPPED_WAIT_MS : ALERTS_WAIT_MS);
      await Promise.allSettled([toggles.close(), caches.close(), state.close()]);
    },
  };
}

type Base = Pick<ProcessContext, "manifest" | "env" | "log" | "directory">;

function firstOf(env: Env, names: readonly string[]): string | undefined {
  return names.map((name) => valueOf(env, name)).find((value) => value !== undefined);
}

/** Opens the alerts of the process. */
async function openSink({
  manifest,
  ...base
}: Base & { clock: Clock; database: SqlDatabase }): Promise<Alerts> {
  const { openAlerts } = await import("../alerts/alerts.ts");
  return openAlerts({ ...base, manifest, alerts: manifest.alerts });
}

/** The app's own file of runs gets a line a run; a file that cannot be written fails no run. */
function historyOf({ manifest, log, directory }: Base): ((record: RunRecord) => void)[] {
  const history = manifest.stores?.history;
  if (!history) return [];
  return [
    (record) => {
      try {
        appendHistory(history, record, directory);
      } catch (error) {
        log.error({ err: error }, "the run is missing in the app's history");
      }
    },
  ];
}
