import type { Logger } from "pino";

/** A log that is discarded. */
export const NO_LOG: Pick<Logger, "info" | "warn" | "error"> = {
  info: () => {},
  warn: () => {},
  error: () => {},
};
