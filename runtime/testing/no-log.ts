import type { Logger } from "pino";

/** A log of what no test reads. */
export const NO_LOG: Pick<Logger, "info" | "warn" | "error"> = {
  info: () => {},
  warn: () => {},
  error: () => {},
};
