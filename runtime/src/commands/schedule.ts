import { watchAppTables } from "../run/app-run-tables.ts";
import { logCrashes } from "../run/crash.ts";
import { recordCrash } from "../run/lost-runs.ts";
import { endLeftovers } from "../run/guard.ts";
import { type OpenProcess, openProcess } from "../run/open-process.ts";
import { EXIT } from "../contract/exit-code.ts";
import { startScheduler } from "../run/scheduler.ts";
import { checkBindings } from "../contract/bindings.ts";
import { loadManifest } from "../contract/load-manifest.ts";
import { startSidecarServers } from "../supervise/sidecar-servers.ts";
import { type RuntimeCommand, UsageError, usageLine, stopOnSignals } from "./command.ts";

/** Answers that are under way when the scheduler ends get so long, in milliseconds. */
const CLOSE_MS = 2_000;

/** A scheduler without an app: any number may run, and each slot runs once. */
export const schedule: RuntimeCommand = {
  name: "schedule",
  usage: "",
  summary:
    "starts the jobs of its manifest when they are due, until it is told to stop; answers health and ops on the manifest's opsPort",
  async run(args, env) {
    if (args.length > 0) throw new UsageError(usageLine(schedule));
    const manifest = loadManifest(env);
    const opened = await openProcess(manifest, env);
    logCrashes(opened.log, (error) => recordCrash(opened, error));
    const { signal } = stopOnSignals(opened.stop);
    try {
      checkBindings(manifest.jobs, opened.env);
      await endLeftovers(opened.log);
      await scheduleUntil(signal, opened);
      return EXIT.ok;
    } finally {
      await opened.close();
    }
  },
};

/** The same sidecar servers as an app has: health, ops, lateness, alert rules, tables of runs. */
async function scheduleUntil(signal: AbortSignal, opened: OpenProcess): Promise<void> {
  const { log, manifest } = opened;
  const servers = await startSidecarServers(
    opened,
    { app: () => undefined, hasBeenUp: () => true, refusal: () => undefined },
    log,
  );
  const scheduler = startScheduler(opened);
  const tables = await watchAppTables(opened);
  servers.health.setReady("app", true);
  log.info({ jobs: manifest.jobs.length }, "the scheduler has started");
  await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
  servers.health.shutDown();
  await Promise.all([scheduler.stop(), tables.stop(), servers.runs.settled()]);
  await servers.close(CLOSE_MS);
}
