/** The result of one check. A check that did not run is never ok. */
export type FindingStatus = "ok" | "failed" | "unchecked";

/** One finding of a verification. */
export interface Finding {
  /** The expected state: `service web is live`. */
  readonly check: string;
  readonly status: FindingStatus;
  /** Why the check failed or could not run. */
  readonly reason?: string;
}

/** A finding that is ok without a reason, else failed. */
export function finding(check: string, problem: string | undefined): Finding {
  return problem === undefined
    ? { check, status: "ok" }
    : { check, status: "failed", reason: problem };
}

/** A finding that could not be checked. */
export function unchecked(check: string, reason: string): Finding {
  return { check, status: "unchecked", reason };
}

/** Renders one line. */
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
