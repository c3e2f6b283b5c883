import type { AlertMessage } from "./alert-message.ts";

/** One way to reach people. */
export interface Channel {
  /** As the manifest names it. */
  readonly name: string;
  readonly kind: string;
  /** Whether its variables are set, and its switch is on. */
  isReady(): boolean;
  /**
   * Sends one message; `skipped` when a variable is not set. What cannot be sent is thrown, best
   * as a ChannelError, whose text is logged; an abort as the signal's reason.
   */
  send(message: AlertMessage, signal: AbortSignal): Promise<"sent" | "skipped">;
}

/** Why a message was not sent, in words that hold no secret. */
export function whyNotSent(error: unknown): string {
  if (error instanceof ChannelError) return error.message;
  const name = error instanceof Error ? error.name : typeof error;
  return name === "TimeoutError" ? "it took too long" : `unexpected ${name}`;
}

/** Why a channel could not send. Its text holds no URL and no key. */
export class ChannelError extends Error {
  override readonly name = "ChannelError";
  /** Shortest wait before another try may help; undefined when none will. */
  readonly retryAfterMs: number | undefined;

  constructor(message: string, retryAfterMs?: number) {
    super(message);
    this.retryAfterMs = retryAfterMs;
  }
}
