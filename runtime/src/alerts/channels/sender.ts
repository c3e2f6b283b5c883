import { type Env, valueOf } from "../../contract/env.ts";
import type { AlertMessage } from "../alert-message.ts";
import { ChannelError } from "../channel.ts";
import type { DeliveryLimits } from "../delivery-attempts.ts";

/** Sends a message; what it needs is known to be set. */
export type Sender = (message: AlertMessage, sending: Sending) => Promise<"sent" | "skipped">;

/** With what a message is sent. */
export interface Sending {
  readonly env: Env;
  readonly limits: DeliveryLimits;
  readonly signal: AbortSignal;
}

/** The first of these variables that is set. */
export function firstValue(env: Env, ...names: readonly (string | undefined)[]): string {
  const values = names.flatMap((name) => (name === undefined ? [] : (valueOf(env, name) ?? [])));
  return values[0] ?? "";
}

/** The URL in a variable, as it is. */
export function urlOf(env: Env, name: string): string {
  const url = valueOf(env, name) ?? "";
  if (!URL.canParse(url)) throw new ChannelError(`${name} is not a URL`);
  return url;
}

/** The vendor's URL, or the one of a variable instead, without a slash at its end. */
export function baseUrlOf(env: Env, name: string, vendors: string): string {
  return valueOf(env, name) === undefined ? vendors : urlOf(env, name).replace(/\/+$/, "");
}

/** JSON that may be none. */
export function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export const JSON_HEADERS = { "content-type": "application/json" };
