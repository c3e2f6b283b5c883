import type { AlertEvent } from "../alert-event.ts";

/** One way to reach people. */
export interface Channel {
  /** As the manifest names it. */
  readonly name: string;
  /**
   * Sends one alert; `skipped` when its variable is not set. What cannot be sent is thrown, best
   * as a ChannelError, whose text is logged.
   */
  send(event: AlertEvent): Promise<"sent" | "skipped">;
}

/** Why a channel could not send. Its text holds no URL and nothing of the answer's body. */
export class ChannelError extends Error {
  override readonly name = "ChannelError";
}
