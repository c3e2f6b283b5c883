/** What became of one check. What was not looked at is never called good. */
export type FindingStatus = "ok" | "failed" | "unchecked";

/** One line of a verification. */
export interface Finding {
  /** What must be true, in a few words: `service web is live`. */
  readonly check: string;
  readonly status: FindingStatus;
  /** Why it failed or could not be checked. */
  readonly reason?: string;
}

/** The check came out as it must, or the reason says how not. */
export function finding(check: string, problem: string | undefined): Finding {
  return problem === undefined
    ? { check, status: "ok" }
    : { check, status: "failed", reason: problem };
}

/** Nothing could be said about it. */
export function unchecked(check: string, reason: string): Finding {
  return { check, status: "unchecked", reason };
}

/** A line for people. */
export function renderFinding({ check, status, reason }: Finding): string {
  const words = { ok: "ok         ", failed: "FAILED     ", unchecked: "not checked" } as const;
  return `${words[status]}  ${check}${reason ? `: ${reason}` : ""}`;
}

/** `7 ok, 0 failed, 2 not checked`. */
export function renderTotals(findings: readonly Finding[]): string {
  const count = (status: FindingStatus): number =>
    findings.filter((it) => it.status === status).length;
  return `${count("ok")} ok, ${count("failed")} failed, ${count("unchecked")} not checked`;
}
