import { type Logger, pino } from "pino";

/** A log line, with the name of its level. */
export type LogLine = Readonly<Record<string, unknown>>;

/** A logger and its lines. */
export function collectLog(): { readonly log: Logger; readonly lines: LogLine[] } {
  const lines: LogLine[] = [];
  const log = pino(
    { base: null, timestamp: false, formatters: { level: (level) => ({ level }) } },
    { write: (line: string) => void lines.push(JSON.parse(line)) },
  );
  return { log, lines };
}
