import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import type { ManifestHealth } from "../contract/health.ts";
import type { ManifestApp } from "../contract/app.ts";
import type { AppControl } from "../run/app-control.ts";
import type { App, EndedApp } from "./app.ts";
import type { Upstream } from "./front.ts";

/** Longest that a start may take before the app is not well, in ms: frameworks that build at the start take a minute. */
const START_MS = 120_000;

/** Between two looks at a starting app, in ms. */
const LOOK_EVERY_MS = 100;

/** One answer of the app may take so long, in ms, as with the platforms. @see https://render.com/docs/health-checks */
const ANSWER_MS = 5000;

export interface ControlOptions {
  readonly app: App;
  /** A path of the app that answers when it is well; without it, that it listens is enough. */
  readonly path: string | undefined;
  /** The app ended because it was asked to: what it had begun is lost. */
  readonly onStopped: () => Promise<void>;
  readonly log: Logger;
  readonly startMs?: number;
}

/**
 * What operators and jobs may do with the supervised app. None of it touches the budget of restarts,
 * and while the app is away the process stays up and its health says that it is not ready.
 */
export function controlApp(options: ControlOptions): AppControl {
  const { app, onStopped, log } = options;
  let isDown = false;
  let lastEnd: EndedApp | undefined;
  const stop = async (): Promise<void> => {
    if (isDown) throw new Error("the app is stopped already, by another operation");
    isDown = true;
    log.info("the app is stopped on request");
    try {
      await app.pause();
      await onStopped();
    } catch (error) {
      // Whoever asked does not go on, and so nobody would start it again.
      start();
      throw error;
    }
  };
  const start = (): void => {
    isDown = false;
    lastEnd = app.state().ends.at(-1);
    app.resume();
  };
  const check = async (): Promise<void> => {
    if (isDown) throw new Error("the app is stopped");
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

/** The path of the app whose answer says that it is well: its watchdog's, else that of a check. */
export function wellPath(
  watchdog: ManifestApp["watchdog"],
  health: ManifestHealth | undefined,
): string | undefined {
  const paths = (health?.checks ?? []).map(({ probe }) =>
    probe.kind === "http" ? probe.path : undefined,
  );
  return watchdog?.path ?? paths.find((it) => it !== undefined);
}

async function untilWell(
  { app, path, startMs = START_MS }: ControlOptions,
  lastEnd: EndedApp | undefined,
): Promise<void> {
  const deadline = performance.now() + startMs;
  let problem = "it does not listen";
  while (performance.now() < deadline) {
    const { phase, ends } = app.state();
    const end = ends.at(-1);
    if (end !== lastEnd || phase === "ended") {
      throw new Error(`the app ended after its start: ${end?.why ?? "it was stopped"}`);
    }
    const upstream = app.upstream();
    const isUp = phase === "up";
    if (isUp && (path === undefined || upstream === undefined)) return;
    if (upstream && path !== undefined) {
      const wrong = await problemOf(upstream, path);
      if (wrong === undefined) return;
      problem = wrong;
    }
    await sleep(LOOK_EVERY_MS);
  }
  throw new Error(`the app is not well after ${startMs / 1000} s: ${problem}`);
}

async function problemOf({ host, port }: Upstream, path: string): Promise<string | undefined> {
  const name = host.includes(":") ? `[${host}]` : host;
  try {
    const answer = await fetch(`http://${name}:${port}${path}`, {
      signal: AbortSignal.timeout(ANSWER_MS),
      redirect: "manual",
    });
    await answer.body?.cancel();
    return answer.status < 400 ? undefined : `${path} said HTTP ${answer.status}`;
  } catch {
    return `${path} did not answer`;
  }
}
