/** What came of a number of tests. */
export interface TestCounts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** The part of vitest's JSON report that is counted. @see https://vitest.dev/guide/reporters#json-reporter */
export interface TestReport {
  readonly testResults: readonly {
    readonly status: string;
    readonly assertionResults: readonly { readonly status: string }[];
  }[];
}

/**
 * Counts a report, and lets nothing that went wrong be counted as nothing.
 *
 * A file that cannot be loaded has no tests, and an error between tests belongs to none: vitest's
 * own totals leave both out, and only its exit code tells of the latter.
 */
export function countTests({ testResults }: TestReport, exitCode: number): TestCounts {
  const counts = addCounts(
    testResults.map(({ status, assertionResults }) => {
      const passed = assertionResults.filter((it) => it.status === "passed").length;
      const failed = assertionResults.filter((it) => it.status === "failed").length;
      const skipped = assertionResults.length - passed - failed;
      return { passed, failed: failed || (status === "failed" ? 1 : 0), skipped };
    }),
  );
  return exitCode !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts;
}

/** The sum of several counts. */
export function addCounts(counts: readonly TestCounts[]): TestCounts {
  const sum = (of: keyof TestCounts) => counts.reduce((total, it) => total + it[of], 0);
  return { passed: sum("passed"), failed: sum("failed"), skipped: sum("skipped") };
}
