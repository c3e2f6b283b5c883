import { type Logger, pino } from "pino";
import { type Env, valueOf } from "../contract/env.ts";
import { EXIT } from "../contract/exit-code.ts";
import type { RuntimeManifest } from "../contract/manifest.ts";
import { createLogger } from "../log.ts";
import { type Child, type ChildEnd, startChild } from "../run/child.ts";
import { type AfterEnd, afterEnd, exitCodeOf, type RestartRules } from "./restart-policy.ts";
import { freePort, untilListening, type Upstream } from "./upstream.ts";
import { sleep, startTimer } from "../run/timer.ts";

/** An app that does not listen for so long, in ms, is reported. Frameworks that build at the start take a minute. */
const LISTEN_MS = 120_000;

/** How many ends the state lists. */
const ENDS_MAX = 20;

export interface AppOptions {
  /** Name of the process in messages. */
  readonly name: string;
  /** One argument is a shell command; several are a program and its arguments. */
  readonly argv: readonly string[];
  readonly directory: string;
  readonly env: Env;
  /** The runtime has the platform's port, so the app gets a free one as PORT. */
  readonly isBehindProxy: boolean;
  readonly rules: RestartRules;
  readonly graceMs: number;
  /** For the runtime's own lines, and for the lines that the app writes. */
  readonly log: Logger;
  readonly appLog: Logger;
  /** Called when the app starts or stops listening. */
  readonly onUp: (isUp: boolean) => void;
  /** Called when the app does not listen in time. */
  readonly onLate: (problem: string) => void;
  readonly listenMs?: number;
  /** Called when the app ends without a request. */
  readonly onEnd: (end: EndedApp) => void;
}

/** One end of the app that nobody requested. */
export interface EndedApp {
  readonly startedAt: Date;
  readonly endedAt: Date;
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  /** For operators. */
  readonly why: string;
  readonly wasForced: boolean;
  /** The end of its output, without secrets. */
  readonly tail: string;
  readonly willRestart: boolean;
  /** Why it does not restart; else undefined. */
  readonly whyEnded?: string | undefined;
}

/** The state of the app, as operators see it. */
export interface AppState {
  readonly phase: "starting" | "up" | "waiting" | "paused" | "ended";
  readonly pid: number | undefined;
  readonly port: number | undefined;
  readonly startedAt: Date | undefined;
  /** Why the app is not up although it has had the time. */
  readonly problem: string | undefined;
  readonly ends: readonly EndedApp[];
}

/** Starts the app and restarts it as the restart policy says. */
export function startApp(options: AppOptions): App {
  return new App(options);
}

/** A supervised app. */
export class App {
  /** Settles when the app will not start again. */
  readonly ended: Promise<{ readonly exitCode: number; readonly why: string }>;
  readonly #options: AppOptions;
  readonly #stopping = new AbortController();
  #paused: PromiseWithResolvers<void> | undefined;
  /** The current end was requested, so it is no crash. */
  #isPausing = false;
  #forcedWhy: string | undefined;
  #phase: AppState["phase"] = "starting";
  #startedAt = new Date();
  #problem: string | undefined;
  #port: number | undefined;
  #restarts: number[] = [];
  #ends: EndedApp[] = [];
  #child: Child | undefined;
  #upstream: Upstream | undefined;

  constructor(options: AppOptions) {
    this.#options = options;
    this.ended = this.#run();
  }

  state(): AppState {
    const pid = this.#child?.pid;
    const [port, startedAt, ends] = [this.#port, this.#startedAt, this.#ends];
    return { phase: this.#phase, pid, port, startedAt, problem: this.#problem, ends };
  }

  /** Where the app listens; undefined while it does not. */
  upstream(): Upstream | undefined {
    return this.#upstream;
  }

  /** Ends the app as failed; the restart policy decides what follows. */
  async fail(why: string): Promise<void> {
    if (!this.#child || this.#paused || this.#stopping.signal.aborted) return;
    this.#forcedWhy = why;
    await this.#child.stop();
  }

  /** Stops the app until `resume`. It does not count as a restart. */
  async pause(): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    this.#paused ??= Promise.withResolvers();
    this.#isPausing = true;
    await this.#child?.stop();
    this.#phase = "paused";
  }

  resume(): void {
    this.#paused?.resolve();
    this.#paused = undefined;
  }

  /** Stops the app for good. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.resume();
    await this.#child?.stop();
    await this.ended;
  }

  /** Passes a signal to the app. */
  signal(name: NodeJS.Signals): void {
    this.#child?.signal(name);
  }

  async #run(): Promise<{ exitCode: number; why: string }> {
    const { signal } = this.#stopping;
    for (;;) {
      await this.#paused?.promise;
      if (signal.aborted) return this.#finish({ exitCode: EXIT.ok, why: "stopped" });
      const end = await this.#runOnce();
      if (this.#isPausing || signal.aborted) continue;
      const nowMs = performance.now();
      const wasForced = this.#forcedWhy !== undefined;
      const times = { restarts: this.#restarts, nowMs };
      const after = afterEnd(this.#options.rules, { ...end, wasForced }, times);
      this.#reportEnd(end, after);
      if (after.next === "exit") return this.#finish(after);
      this.#restarts.push(nowMs);
      await sleep(after.waitMs, signal);
    }
  }

  async #runOnce(): Promise<ChildEnd> {
    const { argv, directory, env, log, appLog, graceMs, onUp } = this.#options;
    const port = await this.#nextPort();
    this.#forcedWhy = undefined;
    this.#phase = "starting";
    this.#startedAt = new Date();
    this.#problem = undefined;
    this.#port = port;
    const over = new AbortController();
    const [command = ""] = argv;
    const child = startChild({
      ...(argv.length === 1 ? { command } : { argv }),
      cwd: directory,
      env: port === undefined ? env : { ...env, PORT: String(port) },
      log: appLog,
      graceMs,
    });
    this.#child = child;
    log.info({ pid: child.pid, port }, "the app was started");
    // A stop during the search for a port found no child to stop.
    if (this.#stopping.signal.aborted || this.#paused) void child.stop();
    else this.#isPausing = false;
    void this.#awaitUp(port, over.signal);
    const end = await child.ended;
    over.abort();
    this.#child = this.#upstream = undefined;
    if (this.state().phase === "up") onUp(false);
    this.#phase = "waiting";
    return end;
  }

  async #nextPort(): Promise<number | undefined> {
    if (this.#options.isBehindProxy) return freePort();
    const port = Number(valueOf(this.#options.env, "PORT"));
    return Number.isInteger(port) && port > 0 ? port : undefined;
  }

  async #awaitUp(port: number | undefined, over: AbortSignal): Promise<void> {
    if (port !== undefined) this.#upstream = await this.#untilListening(port, over);
    if (over.aborted) return;
    this.#problem = undefined;
    this.#phase = "up";
    this.#options.log.info({ pid: this.#child?.pid, port }, "the app is up");
    this.#options.onUp(true);
  }

  async #untilListening(port: number, over: AbortSignal): Promise<Upstream | undefined> {
    const { name, log, onLate, listenMs = LISTEN_MS } = this.#options;
    const onTaken = (pid: number): void => {
      log.error({ pid, port }, "another process listens on the port of the app");
    };
    const timer = startTimer(listenMs, () => {
      const what = `${name} did not listen on $PORT (${port}) within ${listenMs / 1000} s`;
      this.#problem = `${what}; a bot without a port needs \`opsPort\``;
      log.error({ port }, this.#problem);
      onLate(this.#problem);
    });
    try {
      return await untilListening(port, { signal: over, onTaken });
    } finally {
      timer.stop();
    }
  }

  #reportEnd({ exitCode, signal, tail }: ChildEnd, after: AfterEnd): void {
    const willRestart = after.next === "restart";
    const whyEnded = after.next === "exit" ? after.why : undefined;
    const wasForced = this.#forcedWhy !== undefined;
    const how = signal ? `was ended by ${signal}` : `ended with ${exitCode}`;
    const why = this.#forcedWhy ?? how;
    const times = { startedAt: this.#startedAt, endedAt: new Date() };
    const end = { ...times, exitCode, signal, why, wasForced, tail, willRestart, whyEnded };
    this.#ends = [...this.#ends, end].slice(-ENDS_MAX);
    this.#options.log.error({ why, exitCode: exitCodeOf(end), willRestart }, "the app ended");
    this.#options.onEnd(end);
  }

  #finish({ exitCode, why }: { exitCode: number; why: string }): { exitCode: number; why: string } {
    this.#phase = "ended";
    return { exitCode, why };
  }
}

/**
 * The logger for the lines that an app writes.
 *
 * A line that is a JSON object keeps its own fields and loses its secrets. Any other line becomes the
 * message of a JSON object.
 */
export function appLogger(manifest: RuntimeManifest, env: Env): Logger {
  const stdout = pino.destination({ fd: 1, sync: true });
  const write = (line: string): void => void stdout.write(unwrap(line));
  return createLogger({ manifest, env, name: "app", write });
}

function unwrap(line: string): string {
  const message = objectOf(line)?.["msg"];
  const isObject = typeof message === "string" && objectOf(message) !== undefined;
  return isObject ? `${message.trim()}\n` : line;
}

function objectOf(text: string): Record<string, unknown> | undefined {
  if (!text.trimStart().startsWith("{")) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
