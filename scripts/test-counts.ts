/** Number of tests by result. */
export interface TestCounts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/**
 * The part of vitest's JSON report that is read. @see
 * https://vitest.dev/guide/reporters#json-reporter
 */
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
 * Counts the tests of a report.
 *
 * A file that cannot be loaded counts as one failure, because vitest's totals leave it out. So does
 * an error outside any test, which only the exit code shows.
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
