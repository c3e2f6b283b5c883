import type { Env } from "../../contract/env.ts";
import type { DeliveryLimits } from "../channels/channel.ts";

export interface Mail {
  /** `address` or `Name <address>`. A mail without a sender is skipped. */
  readonly from: string;
  /** A mail without a receiver is skipped. */
  readonly to: readonly string[];
  readonly subject: string;
  readonly html: string;
  readonly text: string;
  readonly attachments?: readonly MailAttachment[];
}

export interface MailAttachment {
  readonly filename: string;
  readonly content: Uint8Array;
  readonly contentType: string;
}

/** How a mail is sent. */
export interface MailDelivery {
  readonly env: Env;
  readonly limits: DeliveryLimits;
  readonly signal: AbortSignal | undefined;
}

export interface MailAddress {
  readonly email: string;
  readonly name?: string;
}

/** A comma or a semicolon outside of quotes. */
const SEPARATOR = /[,;](?=(?:[^"]*"[^"]*")*[^"]*$)/;

/** `Name <address>`, with the name in quotes or not. */
const NAMED = /^\s*"?([^"<>]*?)"?\s*<([^<>\s]+)>\s*$/;

/** The addresses in a variable: separated by commas, with names or without. */
export function parseAddresses(text: string | undefined): string[] {
  return (text ?? "")
    .split(SEPARATOR)
    .map((it) => it.trim())
    .filter((it) => it !== "");
}

export function parseAddress(text: string): MailAddress {
  const [, name = "", email] = NAMED.exec(text) ?? [];
  if (email === undefined) return { email: text.trim() };
  return name === "" ? { email } : { email, name };
}
