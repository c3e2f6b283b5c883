import { type Logger, pino } from "pino";

/** One line of a log, with the level by its name. */
export type LogLine = Readonly<Record<string, unknown>>;

/** A real logger, and the lines that it wrote. */
export function collectLog(): { readonly log: Logger; readonly lines: LogLine[] } {
  const lines: LogLine[] = [];
  const log = pino(
    { base: null, timestamp: false, formatters: { level: (level) => ({ level }) } },
    { write: (line: string) => void lines.push(JSON.parse(line)) },
  );
  return { log, lines };
}
