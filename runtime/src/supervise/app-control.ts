import type { Logger } from "pino";
import type { ManifestApp } from "../contract/app.ts";
import type { ManifestHealth } from "../contract/health.ts";
import type { AppControl } from "../run/app-control.ts";
import { retry } from "../run/retry.ts";
import type { App, EndedApp } from "./app.ts";
import { statusOf } from "./upstream.ts";

/** Time limit of a start, in ms: frameworks that build at the start take a minute. */
const START_MS = 120_000;

/** Pause between two checks of a starting app, in ms. */
const PAUSE_MS = 100;

/** Time limit of one answer, in ms, as on Render. @see https://render.com/docs/health-checks */
const ANSWER_MS = 5000;

export interface ControlOptions {
  readonly app: App;
  /** A path of the app that answers when it is well. Without one, the app must listen. */
  readonly path: string | undefined;
  /** Called after a requested stop: the app's open runs are lost. */
  readonly onStopped: () => Promise<void>;
  readonly log: Logger;
  readonly startMs?: number;
}

/**
 * What operators and jobs may do with the supervised app. None of it counts as a restart of the
 * restart policy. While the app is stopped, the process stays up and its health is not ready.
 */
export function controlApp(options: ControlOptions): AppControl {
  const { app, onStopped, log } = options;
  let isStopped = false;
  let lastEnd: EndedApp | undefined;
  const start = (): void => {
    isStopped = false;
    lastEnd = app.state().ends.at(-1);
    app.resume();
  };
  const stop = async (): Promise<void> => {
    if (isStopped) throw new Error("the app is stopped already, by another operation");
    isStopped = true;
    log.info("the app is stopped on request");
    try {
      await app.pause();
      await onStopped();
    } catch (error) {
      // The caller gives up, so nothing else would start the app again.
      start();
      throw error;
    }
  };
  const check = async (): Promise<void> => {
    if (isStopped) throw new Error("the app is stopped");
    await untilWell(options, lastEnd);
  };
  return {
    stop,
    start: async () => start(),
    check,
    restart: async (reason) => {
      log.info({ reason }, "the app is restarted on request");
      await stop();
      start();
      await check();
    },
  };
}

/** The path whose answer shows that the app is well: its watchdog's, else that of a check. */
export function wellPath(
  watchdog: ManifestApp["watchdog"],
  health: ManifestHealth | undefined,
): string | undefined {
  const paths = (health?.checks ?? []).map(({ probe }) =>
    probe.kind === "http" ? probe.path : undefined,
  );
  return watchdog?.path ?? paths.find((it) => it !== undefined);
}

/** The app ended after its start, so waiting does not help. */
class EndedAfterStart extends Error {}

function isTemporary(error: unknown): boolean {
  return !(error instanceof EndedAfterStart);
}

async function untilWell(
  { app, path, startMs = START_MS }: ControlOptions,
  lastEnd: EndedApp | undefined,
): Promise<void> {
  const checkOnce = async (): Promise<void> => {
    const { phase, ends } = app.state();
    const end = ends.at(-1);
    if (end !== lastEnd || phase === "ended") {
      throw new EndedAfterStart(`the app ended after its start: ${end?.why ?? "it was stopped"}`);
    }
    const upstream = app.upstream();
    if (phase === "up" && (path === undefined || upstream === undefined)) return;
    if (upstream === undefined || path === undefined) throw new Error("it does not listen");
    const status = await statusOf(upstream, path, AbortSignal.timeout(ANSWER_MS));
    if (status === undefined) throw new Error(`${path} did not answer`);
    if (status >= 400) throw new Error(`${path} answered HTTP ${status}`);
  };
  const pauses = { pauseMs: PAUSE_MS, pauseMsMax: PAUSE_MS };
  await retry(checkOnce, { budgetMs: startMs, ...pauses, isTemporary }).catch((error: Error) => {
    if (!isTemporary(error)) throw error;
    throw new Error(`the app is not well after ${startMs / 1000} s: ${error.message}`);
  });
}
