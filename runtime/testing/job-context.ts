import { randomUUID } from "node:crypto";
import type { JobContext } from "../src/jobs/definition.ts";
import { collectLog, type LogLine } from "./log-lines.ts";

/** The context of a job's run, and its log lines. */
export function jobContext(
  given: Partial<JobContext> & Pick<JobContext, "directory">,
): JobContext & { readonly lines: LogLine[] } {
  const { log, lines } = collectLog();
  return {
    job: "job",
    runId: randomUUID(),
    scheduledFor: new Date("2026-01-06T22:00:00Z"),
    attempt: 1,
    actor: "schedule",
    options: {},
    input: {},
    env: {},
    timezone: "UTC",
    log,
    lines,
    signal: new AbortController().signal,
    graceMs: 1_000,
    silencedUntil: undefined,
    dryRun: false,
    ...given,
  };
}

/** A clock that does not advance. */
export function clockAt(iso: string): { now(): Date } {
  return { now: () => new Date(iso) };
}
