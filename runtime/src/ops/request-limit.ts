import { Refusal } from "./json-api/exchange.ts";
import type { Ops, OpsExchange } from "./route.ts";

const WINDOW_MS = 60_000;

/** The clients that are told apart; the oldest one is forgotten for one more. */
const CLIENTS_MAX = 1000;

/** The times of the last requests, by process, and in it by route and client. */
const WINDOWS = new WeakMap<Ops, Map<string, number[]>>();

/**
 * Counts a request of a client to a route, over a minute that moves along.
 *
 * @throws Refusal 429 with `retry-after` when there were too many
 */
export function countRequest(exchange: OpsExchange, route: string, perMinute: number): void {
  const { ops, client } = exchange;
  const windows = WINDOWS.get(ops) ?? new Map<string, number[]>();
  WINDOWS.set(ops, windows);
  const key = `${route} ${client}`;
  const nowMs = ops.process.clock.now().getTime();
  const recent = (windows.get(key) ?? []).filter((at) => nowMs - at < WINDOW_MS);
  windows.delete(key);
  const [oldest] = recent;
  if (recent.length >= perMinute && oldest !== undefined) {
    windows.set(key, recent);
    const seconds = Math.max(1, Math.ceil((oldest + WINDOW_MS - nowMs) / 1000));
    const message = `more than ${perMinute} requests in a minute; try again in ${seconds} s`;
    throw new Refusal(429, message, { "retry-after": String(seconds) });
  }
  windows.set(key, [...recent, nowMs]);
  const [first] = windows.keys();
  if (windows.size > CLIENTS_MAX && first !== undefined) windows.delete(first);
}
