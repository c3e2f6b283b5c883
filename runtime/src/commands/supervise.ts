import { realpathSync } from "node:fs";
import { logCrashes } from "../run/crash.ts";
import { recordCrash } from "../run/lost-runs.ts";
import { openProcess } from "../run/open-process.ts";
import type { Env } from "../contract/env.ts";
import { loadManifest } from "../contract/load-manifest.ts";
import { underReaper } from "../supervise/reaper.ts";
import { type StopSignals, supervise as superviseApp } from "../supervise/supervise.ts";
import { type RuntimeCommand, UsageError, usageLine } from "./command.ts";

/** The signals with which platforms and people end a process. */
const STOP_SIGNALS = ["SIGTERM", "SIGINT"] as const;

/** Signals that mean something to many servers and nothing to the runtime. */
const APP_SIGNALS = ["SIGHUP", "SIGUSR2"] as const;

/** The parent of an app, which a service starts instead of the app. */
export const supervise: RuntimeCommand = {
  name: "supervise",
  usage: "-- <app command…>",
  summary: "prepares, starts and watches an app, runs its jobs and answers for its health",
  async run(args, env) {
    const argv = args[0] === "--" ? args.slice(1) : args;
    if (argv.length === 0) throw new UsageError(usageLine(supervise));
    const manifest = loadManifest(env);
    const withoutReaper = becomeReaped(env);
    const signals = stopSignals();
    const opened = await openProcess(manifest, env);
    logCrashes(opened.log, (error) => recordCrash(opened, error));
    if (withoutReaper !== undefined) {
      opened.log.warn({ why: withoutReaper }, "orphaned processes of the app may stay as zombies");
    }
    try {
      return await superviseApp(opened, argv, signals);
    } finally {
      await opened.close();
    }
  },
};

/** Restarts this process under the reaper, or logs why there is none. */
function becomeReaped(env: Env): string | undefined {
  const reaped = underReaper(realpathSync(process.argv[1] ?? "."), process, env);
  if (reaped === undefined || typeof reaped === "string") return reaped;
  if (!process.execve) return "this Node cannot become another program";
  return process.execve(reaped.file, [...reaped.argv], { ...reaped.env });
}

function stopSignals(): StopSignals {
  const stop = new AbortController();
  const force = new AbortController();
  const end = (): void => (stop.signal.aborted ? force : stop).abort();
  for (const signal of STOP_SIGNALS) process.on(signal, end);
  return {
    stop: stop.signal,
    force: force.signal,
    passOn: (to) => {
      for (const signal of APP_SIGNALS) process.on(signal, () => to(signal));
    },
  };
}
