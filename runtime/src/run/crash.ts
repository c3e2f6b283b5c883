import type { Logger } from "pino";
import { EXIT } from "../contract/exit-code.ts";

/** Longest time for the work after a crash, in ms. */
const LAST_WORDS_MS = 3_000;

/**
 * Logs a crash in one line and ends the process with exit code 1.
 *
 * `lastWords` gets the error first, and records the active runs. Node itself would print a stack of
 * many lines, with secrets that the message may hold.
 */
export function logCrashes(log: Logger, lastWords: (error: unknown) => Promise<void>): void {
  let isCrashing = false;
  const crash = async (error: unknown): Promise<void> => {
    log.fatal({ err: asError(error) }, "crash");
    if (isCrashing) return;
    isCrashing = true;
    setTimeout(exit, LAST_WORDS_MS);
    try {
      await lastWords(error);
    } finally {
      exit();
    }
  };
  process.on("uncaughtException", crash);
  process.on("unhandledRejection", crash);
}

function exit(): never {
  process.exit(EXIT.failed);
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
