import { errorCode } from "../contract/error-code.ts";
import type { ManifestApp } from "../contract/app.ts";
import { EXIT } from "../contract/exit-code.ts";
import { valueOf, type Env } from "../contract/env.ts";
import { StartRefused } from "./start-refused.ts";
import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";

export type Gate = NonNullable<ManifestApp["gates"]>[number];

/** How long a gate may stay shut when it says nothing else, in ms: a scanner loads its signatures. */
const GATE_MS = 60_000;

/** How long one try may take, in ms. */
const TRY_MS = 5000;

/** Between two tries, in ms. */
const PAUSE_MS = 500;

/** ClamAV's usual port. @see clamd.conf(5), TCPSocket */
const CLAMAV_PORT = 3310;

/** More than ClamAV's PONG and a null byte is not its answer, in bytes. */
const ANSWER_MAX = 64;

/** What passing gates needs. */
export interface GateDeps {
  readonly env: Env;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** Where the gates are declared, for messages; the app's own place without it. */
  readonly where?: string;
}

/** What a gate looks at, or why that is not known. */
type Place = { readonly url: string } | { readonly host: string; readonly port: number } | string;

/**
 * Waits until everything answers that the app must not start without.
 *
 * A gate that stays shut stops the start, unless it is declared open. With `failClosedEnv` the
 * variable decides, and only `0` opens: a scanner that was forgotten must not let files through.
 *
 * @returns the names of those that are shut and declared open
 * @throws StartRefused naming every gate that is shut
 */
export async function passGates(
  gates: readonly Gate[],
  { env, log, signal, where = "app/gates" }: GateDeps,
): Promise<string[]> {
  const shut = await Promise.all(
    gates.map(async (gate) => {
      const why = await whyShut(gate, env, signal);
      if (!why) log.info({ gate: gate.name, kind: gate.kind }, "a gate is open");
      return why ? { gate, ...why } : undefined;
    }),
  );
  signal.throwIfAborted();
  const refused = shut.flatMap((found) => {
    if (!found) return [];
    const text = `${where}/${found.gate.name}: ${found.text}`;
    if (isClosed(found.gate, env)) return [{ ...found, text }];
    log.warn({ gate: found.gate.name, why: found.text }, "a gate is shut, and started without it");
    return [];
  });
  if (refused.length === 0) return shut.flatMap((found) => (found ? [found.gate.name] : []));
  const isForever = refused.some(({ isConfiguration }) => isConfiguration);
  throw new StartRefused(
    refused.map(({ text }) => text),
    isForever ? EXIT.configuration : EXIT.temporary,
  );
}

/** Whether a gate that is shut stops the start. */
export function isClosed({ fail = "closed", failClosedEnv }: Gate, env: Env): boolean {
  const said = failClosedEnv === undefined ? undefined : valueOf(env, failClosedEnv);
  return said === undefined ? fail === "closed" : said !== "0";
}

interface Shut {
  readonly text: string;
  readonly isConfiguration: boolean;
}

async function whyShut(gate: Gate, env: Env, stop: AbortSignal): Promise<Shut | undefined> {
  const place = placeOf(gate, env);
  if (typeof place === "string") return { text: place, isConfiguration: true };
  const limitMs = gate.timeoutSeconds === undefined ? GATE_MS : gate.timeoutSeconds * 1000;
  const deadline = performance.now() + limitMs;
  let why: string;
  do {
    const tryMs = Math.max(1, Math.min(TRY_MS, deadline - performance.now()));
    const signal = AbortSignal.any([stop, AbortSignal.timeout(Math.ceil(tryMs))]);
    const failure = await knock(gate.kind, place, signal).then(
      () => undefined,
      (error: unknown) => (signal.aborted ? "no answer in time" : reasonOf(error)),
    );
    if (failure === undefined) return undefined;
    why = failure;
    await sleep(Math.min(PAUSE_MS, limitMs), undefined, { signal: stop }).catch(() => undefined);
  } while (performance.now() < deadline && !stop.aborted);
  const text = `did not open within ${limitMs / 1000} s (${why}). Start what it waits for${opening(gate)}.`;
  return { text, isConfiguration: false };
}

function opening({ failClosedEnv }: Gate): string {
  return failClosedEnv === undefined ? "" : `, or set ${failClosedEnv}=0 to start without it`;
}

function placeOf(gate: Gate, env: Env): Place {
  const url = gate.urlEnv === undefined ? gate.url : (valueOf(env, gate.urlEnv) ?? gate.url);
  if (url !== undefined) return gate.kind === "http" ? placeOfHttp(url) : placeOfUrl(url);
  if (gate.kind === "http") return missing("URL", gate.urlEnv, gate);
  const host = gate.hostEnv === undefined ? gate.host : (valueOf(env, gate.hostEnv) ?? gate.host);
  if (host === undefined) return missing("host", gate.hostEnv, gate);
  const said = gate.portEnv === undefined ? undefined : valueOf(env, gate.portEnv);
  const port = said === undefined ? (gate.port ?? usualPort(gate.kind)) : Number(said);
  if (port === undefined) return missing("port", gate.portEnv, gate);
  const isPort = Number.isInteger(port) && port > 0 && port < 65_536;
  return isPort ? { host, port } : `${gate.portEnv ?? "port"} is no port. Correct it.`;
}

function placeOfHttp(url: string): Place {
  const parsed = URL.parse(url);
  if (!parsed) return "its URL cannot be read. Correct it.";
  const hasSecret = parsed.username !== "" || parsed.password !== "";
  return hasSecret ? "its URL holds a password, which a gate must not send. Remove it." : { url };
}

function placeOfUrl(url: string): Place {
  const parsed = URL.parse(url);
  if (!parsed?.hostname || !parsed.port) return "its URL names no host and port. Correct it.";
  return { host: parsed.hostname.replaceAll(/^\[|\]$/g, ""), port: Number(parsed.port) };
}

function missing(what: string, variable: string | undefined, gate: Gate): string {
  const remedy = variable === undefined ? `Give it a ${what}` : `Set ${variable}`;
  return `has no ${what}. ${remedy}${opening(gate)}.`;
}

function usualPort(kind: Gate["kind"]): number | undefined {
  return kind === "clamav" ? CLAMAV_PORT : undefined;
}

async function knock(
  kind: Gate["kind"],
  place: Exclude<Place, string>,
  signal: AbortSignal,
): Promise<void> {
  if ("url" in place) {
    const answer = await fetch(place.url, { signal, redirect: "manual" });
    await answer.body?.cancel();
    if (answer.status >= 400) throw new WrongAnswer(`HTTP ${answer.status}`);
    return;
  }
  const socket = connect({ ...place, signal });
  try {
    await once(socket, "connect", { signal });
    if (kind !== "clamav") return;
    // The null-terminated form is the one that ClamAV recommends. @see clamd(8), COMMANDS
    socket.write("zPING\0");
    let answer = "";
    for await (const chunk of socket) {
      answer += String(chunk);
      if (/^PONG[\0\n]/.test(answer)) return;
      if (answer.length > ANSWER_MAX) break;
    }
    throw new WrongAnswer("it answered something other than PONG");
  } finally {
    socket.destroy();
  }
}

/** It answered, and the answer is not the good one. */
class WrongAnswer extends Error {
  override readonly name = "WrongAnswer";
}

/** The system's word for a failure; a whole message may hold an address with a password. */
function reasonOf(error: unknown): string {
  if (error instanceof WrongAnswer) return error.message;
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return errorCode(cause) ?? (error instanceof Error ? error.name : "unknown");
}
