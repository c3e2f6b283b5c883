/** What came of a number of tests. */
export interface TestCounts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** The part of vitest's JSON report that is counted. @see https://vitest.dev/guide/reporters#json-reporter */
export interface TestReport {
  readonly testResults: readonly {
    /** Absolute path of the file. */
    readonly name: string;
    readonly status: string;
    /** Epoch milliseconds. */
    readonly startTime: number;
    readonly endTime: number;
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

/** Projects of vitest.config.ts, by the path of a test file. */
const PROJECTS: readonly (readonly [project: string, file: RegExp])[] = [
  ["engine", /\.engine\.test\.ts$/],
  ["runtime", /\/runtime\//],
  ["unit", /./],
];

/**
 * One line per project: its files, and the sum of their times in seconds.
 *
 * Files run at the same time, so the sums are larger than the time of the whole run.
 */
export function timeLines({ testResults }: TestReport): string[] {
  return [...Map.groupBy(testResults, ({ name }) => projectOf(name))]
    .map(([project, files]) => {
      const ms = files.reduce((sum, { startTime, endTime }) => sum + endTime - startTime, 0);
      return `time    ${project} tests: ${Math.round(ms / 1000)} s in ${files.length} files`;
    })
    .toSorted();
}

function projectOf(name: string): string {
  return PROJECTS.find(([, file]) => file.test(name))?.[0] ?? "unit";
}
