import { randomUUID } from "node:crypto";

import { nowMs } from "../clock.ts";
import type { Cloud } from "../cloud.ts";
import { type LogLine, logLine } from "../render/deploy-states.ts";
import type { Table } from "../state.ts";

/** Number of lines kept per service. */
const LINES_MAX = 2000;

/** The kind of a line. */
export type LineType = "build" | "app";

/** The output of running services. Kept in memory only. */
export interface RunLog {
  readonly add: (serviceId: string, type: LineType, message: string) => void;
  readonly lines: (serviceId: string) => readonly LogLine[];
  readonly forget: (serviceId: string) => void;
}

/** An empty log. */
export function createRunLog(cloud: Pick<Cloud, "state">): RunLog {
  const kept: Table<LogLine[]> = {};
  const prefix = randomUUID();
  let count = 0;

  return {
    add(serviceId, type, message) {
      count += 1;
      const line = { atMs: nowMs(cloud.state), message, level: "info", type } as const;
      const lines = (kept[serviceId] ??= []);
      lines.push(logLine(serviceId, line, `${prefix}/${count}`));
      if (lines.length > LINES_MAX) lines.shift();
    },
    lines: (serviceId) => kept[serviceId] ?? [],
    forget: (serviceId) => void delete kept[serviceId],
  };
}
