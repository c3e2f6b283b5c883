import { startChild, type Child } from "../run/child/child.ts";
import { EXIT } from "../contract/exit-code.ts";
import { valueOf, type Env } from "../contract/env.ts";
import { freePort, untilListening } from "./app-port.ts";
import type { Upstream } from "./front.ts";
import { afterEnd, exitCodeOf, type AppEnd, type RestartRules } from "./restart-budget.ts";
import type { Logger } from "pino";
import { setTimeout as sleep } from "node:timers/promises";

/** Most ends that are remembered for who asks. */
const ENDS_MAX = 20;

export interface AppOptions {
  /** One argument is a command for the shell; several are a program and its arguments. */
  readonly argv: readonly string[];
  readonly directory: string;
  readonly env: Env;
  /** It gets a port of its own as PORT, because the runtime has the platform's. */
  readonly isBehindFront: boolean;
  readonly rules: RestartRules;
  readonly graceMs: number;
  /** For the runtime's own words, and for the lines that the app writes. */
  readonly log: Logger;
  readonly appLog: Logger;
  /** Told at each change between listening and not. */
  readonly onUp: (isUp: boolean) => void;
  /** Told of each end that nobody asked for. */
  readonly onEnd: (end: EndedApp) => void;
}

/** One life of the app that ended without being asked to. */
export interface EndedApp {
  readonly startedAt: Date;
  readonly endedAt: Date;
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Why, in an operator's words. */
  readonly why: string;
  readonly wasForced: boolean;
  /** Its last words, without secrets. */
  readonly tail: string;
  readonly willRestart: boolean;
}

/** What is known of the app now. */
export interface AppState {
  readonly phase: "starting" | "up" | "waiting" | "paused" | "ended";
  readonly pid: number | undefined;
  readonly port: number | undefined;
  readonly startedAt: Date | undefined;
  readonly ends: readonly EndedApp[];
}

export interface App {
  state(): AppState;
  /** Where it listens; undefined while it does not. */
  upstream(): Upstream | undefined;
  /** Ends this life of it as a failure; the restart policy says what follows. */
  fail(why: string): Promise<void>;
  /** Stops it until it is resumed, without touching the budget of restarts. */
  pause(): Promise<void>;
  resume(): void;
  /** Stops it for good. */
  stop(): Promise<void>;
  /** Passes a signal on. */
  signal(name: NodeJS.Signals): void;
  /** Kills it at once, when there is no time left. */
  kill(): void;
  /** Settles when it will not be started again. */
  readonly ended: Promise<{ readonly exitCode: number; readonly why: string }>;
}

/** Starts the app, and starts it again as the restart policy says. */
export function startApp(options: AppOptions): App {
  const run = new AppRun(options);
  const ended = run.live();
  return {
    state: () => run.state(),
    upstream: () => run.upstream,
    fail: (why) => run.fail(why),
    pause: () => run.pause(),
    resume: () => run.resume(),
    stop: async () => {
      await run.stop();
      await ended;
    },
    signal: (name) => run.child?.signal(name),
    kill: () => run.child?.signal("SIGKILL"),
    ended,
  };
}

class AppRun {
  readonly #options: AppOptions;
  readonly #stopping = new AbortController();
  #paused: PromiseWithResolvers<void> | undefined;
  #forcedWhy: string | undefined;
  /** This life ends because somebody asked for it, so that it is no crash. */
  #isPausing = false;
  #phase: AppState["phase"] = "starting";
  #isUp = false;
  #startedAt: Date | undefined;
  #port: number | undefined;
  #restarts: number[] = [];
  #ends: EndedApp[] = [];
  child: Child | undefined;
  upstream: Upstream | undefined;

  constructor(options: AppOptions) {
    this.#options = options;
  }

  state(): AppState {
    return {
      phase: this.#phase,
      pid: this.child?.pid,
      port: this.#port,
      startedAt: this.#startedAt,
      ends: this.#ends,
    };
  }

  async live(): Promise<{ exitCode: number; why: string }> {
    for (;;) {
      await this.#paused?.promise;
      if (this.#stopping.signal.aborted) return this.#endFor({ exitCode: EXIT.ok, why: "stopped" });
      const end = await this.#liveOnce();
      if (this.#isPausing || this.#stopping.signal.aborted) continue;
      const nowMs = performance.now();
      const after = afterEnd(this.#options.rules, end, { restarts: this.#restarts, nowMs });
      this.#note(end, after.next === "restart");
      if (after.next === "exit") return this.#endFor({ exitCode: after.exitCode, why: after.why });
      this.#restarts.push(nowMs);
      this.#phase = "waiting";
      const { signal } = this.#stopping;
      await sleep(after.waitMs, undefined, { signal }).catch(() => undefined);
    }
  }

  async fail(why: string): Promise<void> {
    if (!this.child || this.#paused || this.#stopping.signal.aborted) return;
    this.#forcedWhy = why;
    await this.child.stop();
  }

  async pause(): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    this.#paused ??= Promise.withResolvers();
    this.#isPausing = true;
    await this.child?.stop();
    this.#phase = "paused";
  }

  resume(): void {
    this.#paused?.resolve();
    this.#paused = undefined;
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.resume();
    await this.child?.stop();
  }

  async #liveOnce(): Promise<AppEnd & { tail: string }> {
    const options = this.#options;
    const port = await this.#portOfLife();
    this.#forcedWhy = undefined;
    this.#phase = "starting";
    this.#startedAt = new Date();
    this.#port = port;
    const over = new AbortController();
    const [command = ""] = options.argv;
    const child = startChild({
      ...(options.argv.length === 1 ? { command } : { argv: options.argv }),
      cwd: options.directory,
      env: port === undefined ? options.env : { ...options.env, PORT: String(port) },
      log: options.appLog,
      graceMs: options.graceMs,
    });
    this.child = child;
    options.log.info({ pid: child.pid, port }, "the app was started");
    // A stop that came while the port was looked for found no child to stop.
    if (this.#stopping.signal.aborted || this.#paused) void child.stop();
    else this.#isPausing = false;
    void this.#noteUp(port, over.signal);
    const end = await child.ended;
    over.abort();
    this.child = undefined;
    this.upstream = undefined;
    if (this.#isUp) options.onUp(false);
    this.#isUp = false;
    return { ...end, wasForced: this.#forcedWhy !== undefined };
  }

  async #portOfLife(): Promise<number | undefined> {
    if (this.#options.isBehindFront) return freePort();
    const port = Number(valueOf(this.#options.env, "PORT"));
    return Number.isInteger(port) && port > 0 ? port : undefined;
  }

  async #noteUp(port: number | undefined, over: AbortSignal): Promise<void> {
    if (port !== undefined) this.upstream = await untilListening(port, over);
    if (over.aborted) return;
    this.#isUp = true;
    this.#phase = "up";
    this.#options.log.info({ pid: this.child?.pid, port }, "the app is up");
    this.#options.onUp(true);
  }

  #note(end: AppEnd & { tail: string }, willRestart: boolean): void {
    const { exitCode, signal, wasForced, tail } = end;
    const how = signal ? `was ended by ${signal}` : `ended with ${exitCode}`;
    const why = this.#forcedWhy ?? how;
    const startedAt = this.#startedAt ?? new Date();
    const ended = { startedAt, endedAt: new Date(), exitCode, signal, why, wasForced, tail };
    this.#ends = [...this.#ends, { ...ended, willRestart }].slice(-ENDS_MAX);
    const code = exitCodeOf(end);
    this.#options.log.error({ why, exitCode: code, willRestart }, "the app ended");
    this.#options.onEnd({ ...ended, willRestart });
  }

  #endFor(end: { exitCode: number; why: string }): { exitCode: number; why: string } {
    this.#phase = "ended";
    return end;
  }
}
