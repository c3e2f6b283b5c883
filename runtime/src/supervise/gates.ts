import { once } from "node:events";
import { connect } from "node:net";
import type { Logger } from "pino";
import type { ManifestApp } from "../contract/app.ts";
import { type Env, valueOf } from "../contract/env.ts";
import { errorCode } from "../contract/error-code.ts";
import { EXIT } from "../contract/exit-code.ts";
import { retry } from "../run/retry.ts";
import { StartRefused } from "./start-refused.ts";

export type Gate = NonNullable<ManifestApp["gates"]>[number];

/** Time for a gate to open, in ms, unless it says otherwise: a scanner loads its signatures. */
const GATE_MS = 60_000;

/** Time limit of one attempt, in ms; the last one gets the minimum at least. */
const ATTEMPT_MS = 5000;
const ATTEMPT_MS_MIN = 100;

/** Pause between two attempts, in ms. */
const PAUSE_MS = 500;

/** ClamAV's usual port. @see clamd.conf(5), TCPSocket */
const CLAMAV_PORT = 3310;

/** ClamAV answers PONG and a null byte; a longer answer is not ClamAV's, in bytes. */
const ANSWER_MAX = 64;

export interface GateOptions {
  readonly env: Env;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** Where the gates are declared, for messages. */
  readonly where?: string;
}

/**
 * Waits until every service that the app needs answers.
 *
 * A closed gate stops the start, unless it is declared `fail: open`. With `failClosedEnv` the variable
 * decides, and only `0` opens: a scanner that was forgotten must not let files through.
 *
 * @returns the names of the closed gates that are declared open
 * @throws StartRefused naming every gate that stops the start
 */
export async function passGates(
  gates: readonly Gate[],
  { env, log, signal, where = "app/gates" }: GateOptions,
): Promise<string[]> {
  const closed = await Promise.all(gates.map((gate) => waitForGate(gate, { env, log, signal })));
  signal.throwIfAborted();
  const found = closed.filter((it) => it !== undefined);
  const refused = found.filter(({ gate }) => isClosed(gate, env));
  const problems = refused.map(({ gate, text }) => `${where}/${gate.name}: ${text}`);
  const isConfiguration = refused.some((it) => it.isConfiguration);
  if (refused.length > 0) {
    const exitCode = isConfiguration ? EXIT.configuration : EXIT.temporary;
    throw new StartRefused(problems, { exitCode });
  }
  for (const { gate, text } of found) {
    log.warn({ gate: gate.name, why: text }, "a gate is closed and declared open");
  }
  return found.map(({ gate }) => gate.name);
}

/** Whether a closed gate stops the start. */
export function isClosed({ fail = "closed", failClosedEnv }: Gate, env: Env): boolean {
  const value = variable(failClosedEnv, env);
  return value === undefined ? fail === "closed" : value !== "0";
}

interface ClosedGate {
  readonly gate: Gate;
  readonly text: string;
  /** Another attempt does not help. */
  readonly isConfiguration: boolean;
}

async function waitForGate(
  gate: Gate,
  { env, log, signal: stop }: GateOptions,
): Promise<ClosedGate | undefined> {
  const target = targetOf(gate, env);
  if (typeof target === "string") return { gate, text: target, isConfiguration: true };
  const budgetMs = gate.timeoutSeconds === undefined ? GATE_MS : gate.timeoutSeconds * 1000;
  const deadline = performance.now() + budgetMs;
  const attempt = async (): Promise<void> => {
    const leftMs = Math.max(ATTEMPT_MS_MIN, deadline - performance.now());
    const limit = AbortSignal.timeout(Math.ceil(Math.min(ATTEMPT_MS, leftMs)));
    const signal = AbortSignal.any([stop, limit]);
    await probe(gate.kind, target, signal).catch((error: unknown) => {
      throw signal.aborted ? new WrongAnswer("no answer in time") : error;
    });
  };
  try {
    await retry(attempt, { budgetMs, pauseMs: PAUSE_MS, pauseMsMax: PAUSE_MS, signal: stop });
    log.info({ gate: gate.name, kind: gate.kind }, "a gate is open");
    return undefined;
  } catch (error) {
    stop.throwIfAborted();
    const text = `did not open within ${budgetMs / 1000} s (${reasonOf(error)}). Start what it waits for${opening(gate)}.`;
    return { gate, text, isConfiguration: false };
  }
}

function opening({ failClosedEnv }: Gate): string {
  return failClosedEnv === undefined ? "" : `, or set ${failClosedEnv}=0 to start without it`;
}

/** What a gate probes. */
type Target = { readonly url: string } | { readonly host: string; readonly port: number };

/** The target, or why it is unknown. */
function targetOf(gate: Gate, env: Env): Target | string {
  const url = variable(gate.urlEnv, env) ?? gate.url;
  if (url !== undefined) return gate.kind === "http" ? httpTarget(url) : tcpTarget(url);
  if (gate.kind === "http") return missing("URL", gate.urlEnv, gate);
  const host = variable(gate.hostEnv, env) ?? gate.host;
  if (host === undefined) return missing("host", gate.hostEnv, gate);
  const usual = gate.kind === "clamav" ? CLAMAV_PORT : undefined;
  const port = variable(gate.portEnv, env) ?? gate.port ?? usual;
  if (port === undefined) return missing("port", gate.portEnv, gate);
  const isPort = Number.isInteger(Number(port)) && Number(port) > 0 && Number(port) < 65_536;
  return isPort
    ? { host, port: Number(port) }
    : `${gate.portEnv ?? "port"} is no port. Correct it.`;
}

function variable(name: string | undefined, env: Env): string | undefined {
  return name === undefined ? undefined : valueOf(env, name);
}

function httpTarget(url: string): Target | string {
  const parsed = URL.parse(url);
  if (!parsed) return "its URL cannot be read. Correct it.";
  const hasSecret = parsed.username !== "" || parsed.password !== "";
  return hasSecret ? "its URL holds a password, which a gate must not send. Remove it." : { url };
}

function tcpTarget(url: string): Target | string {
  const parsed = URL.parse(url);
  if (!parsed?.hostname || !parsed.port) return "its URL names no host and port. Correct it.";
  return { host: parsed.hostname.replaceAll(/^\[|\]$/g, ""), port: Number(parsed.port) };
}

function missing(what: string, name: string | undefined, gate: Gate): string {
  const remedy = name === undefined ? `Give it a ${what}` : `Set ${name}`;
  return `has no ${what}. ${remedy}${opening(gate)}.`;
}

async function probe(kind: Gate["kind"], target: Target, signal: AbortSignal): Promise<void> {
  if ("url" in target) {
    const answer = await fetch(target.url, { signal, redirect: "manual" });
    await answer.body?.cancel();
    if (answer.status >= 400) throw new WrongAnswer(`HTTP ${answer.status}`);
    return;
  }
  const socket = connect({ ...target, signal });
  try {
    await once(socket, "connect", { signal });
    if (kind !== "clamav") return;
    // ClamAV recommends the null-terminated form. @see clamd(8), COMMANDS
    socket.write("zPING\0");
    let answer = "";
    for await (const chunk of socket) {
      answer += String(chunk);
      if (/^PONG[\0\n]/.test(answer)) return;
      if (answer.length > ANSWER_MAX) break;
    }
    throw new WrongAnswer("it did not answer PONG");
  } finally {
    socket.destroy();
  }
}

/** Our own words about a failed attempt. */
class WrongAnswer extends Error {
  override readonly name = "WrongAnswer";
}

/** The system's code of a failure; a whole message may hold an address with a password. */
function reasonOf(error: unknown): string {
  if (error instanceof WrongAnswer) return error.message;
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return errorCode(cause) ?? (error instanceof Error ? error.name : "unknown");
}
