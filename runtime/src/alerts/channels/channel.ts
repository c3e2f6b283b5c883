import { type Env, valueOf } from "../../contract/env.ts";
import type { RetryPolicy } from "../../run/retry.ts";
import type { AlertMessage } from "../alert-message.ts";

/** One way to reach people. */
export interface Channel {
  /** As the manifest names it. */
  readonly name: string;
  readonly kind: string;
  /** Whether its variables are set and its switch is on. */
  isReady(): boolean;
  /**
   * Sends one message; `skipped` when a variable is not set. Throws a ChannelError, whose text is
   * logged, when the message cannot be sent, and the signal's reason when it is aborted.
   */
  send(message: AlertMessage, signal: AbortSignal): Promise<"sent" | "skipped">;
}

/** Sends a message of a channel that is ready. */
export type Sender = (message: AlertMessage, options: SendOptions) => Promise<"sent" | "skipped">;

export interface SendOptions {
  readonly env: Env;
  readonly limits: DeliveryLimits;
  readonly signal: AbortSignal;
}

/** Limits of the delivery of one message. */
export interface DeliveryLimits {
  /** Of one attempt. */
  readonly timeoutMs: number;
  readonly attempts: number;
  /** Before the second attempt. It doubles before each later one. */
  readonly backoffMs: number;
  /** A server that asks for a longer wait is not waited for, because the end of a run waits. */
  readonly waitMsMax: number;
}

/** A channel that is down delays the end of a run by less than a minute. */
export const DELIVERY_LIMITS: DeliveryLimits = {
  timeoutMs: 5000,
  attempts: 3,
  backoffMs: 1000,
  waitMsMax: 15_000,
};

/** Why a channel could not send. Its text contains no URL and no key. */
export class ChannelError extends Error {
  override readonly name = "ChannelError";
  /** Shortest wait before another attempt may succeed; undefined when none will. */
  readonly retryAfterMs: number | undefined;

  constructor(message: string, retryAfterMs?: number) {
    super(message);
    this.retryAfterMs = retryAfterMs;
  }
}

/** Why a message was not sent, without secrets. */
export function whyNotSent(error: unknown): string {
  if (error instanceof ChannelError) return error.message;
  const name = error instanceof Error ? error.name : typeof error;
  return name === "TimeoutError" ? "it took too long" : `unexpected ${name}`;
}

/** Retries what a ChannelError calls temporary. */
export function deliveryPolicy(limits: DeliveryLimits, signal?: AbortSignal): RetryPolicy {
  return {
    attempts: limits.attempts,
    pauseMs: limits.backoffMs,
    pauseMsMax: limits.waitMsMax,
    signal,
    isTemporary: (error) => askedWaitMs(error) !== undefined,
    retryAfterMs: askedWaitMs,
  };
}

function askedWaitMs(error: unknown): number | undefined {
  return error instanceof ChannelError ? error.retryAfterMs : undefined;
}

/** The first of these variables that is set. */
export function firstValue(env: Env, ...names: readonly (string | undefined)[]): string {
  const values = names.flatMap((name) => (name === undefined ? [] : (valueOf(env, name) ?? [])));
  return values[0] ?? "";
}

/** The URL in a variable. */
export function urlOf(env: Env, name: string): string {
  const url = valueOf(env, name) ?? "";
  if (!URL.canParse(url)) throw new ChannelError(`${name} is not a URL`);
  return url;
}

/** The URL in a variable without trailing slashes, or else the vendor's. */
export function baseUrlOf(env: Env, name: string, vendorUrl: string): string {
  return valueOf(env, name) === undefined ? vendorUrl : urlOf(env, name).replace(/\/+$/, "");
}

/** Undefined when the text is not JSON. */
export function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export const JSON_HEADERS = { "content-type": "application/json" };
