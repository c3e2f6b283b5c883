/** One thing that is wrong with how a process was configured. */
export interface ConfigurationProblem {
  /** Slash path into the manifest, or the name of an environment variable. */
  readonly where: string;
  /** What is wrong; ends with a full stop. It never holds a variable's value. */
  readonly message: string;
  /** What to do about it; ends with a full stop. */
  readonly remedy: string;
}

/** The configuration is wrong: every problem at once. Another try does not help, so commands exit with 78. */
export class ConfigurationError extends Error {
  override readonly name = "ConfigurationError";
  readonly problems: readonly ConfigurationProblem[];

  constructor(problems: readonly ConfigurationProblem[]) {
    const lines = problems.map(problemLine);
    super(
      lines.length === 1 ? lines.join("") : [`${lines.length} problems`, ...lines].join("\n  "),
    );
    this.problems = problems;
  }
}

/** A problem as people read it. */
export function problemLine({ where, message, remedy }: ConfigurationProblem): string {
  return `${where}: ${message} ${remedy}`;
}

/** What an attempt refuses as a wrong configuration; any other error is thrown on. */
export function problemsOf(attempt: () => unknown): readonly ConfigurationProblem[] {
  try {
    attempt();
    return [];
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems;
    throw error;
  }
}

/** Makes all attempts and refuses at once what any of them refuses. */
export function attemptAll(attempts: readonly (() => unknown)[]): void {
  const problems = attempts.flatMap(problemsOf);
  if (problems.length > 0) throw new ConfigurationError(problems);
}
