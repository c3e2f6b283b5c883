/** One problem of a process's configuration. */
export interface ConfigurationProblem {
  /** Slash path into the manifest, or the name of an environment variable. */
  readonly where: string;
  /** The problem. Ends with a full stop and never contains a variable's value. */
  readonly message: string;
  /** The remedy. Ends with a full stop. */
  readonly remedy: string;
}

/** The configuration is invalid, with every problem. A retry does not help, so commands exit with 78. */
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

/** The error of one problem. */
export function configurationError(
  where: string,
  message: string,
  remedy: string,
): ConfigurationError {
  return new ConfigurationError([{ where, message, remedy }]);
}

/** Renders a problem as one line. */
export function problemLine({ where, message, remedy }: ConfigurationProblem): string {
  return `${where}: ${message} ${remedy}`;
}

/** The problems of the ConfigurationError that `attempt` throws. Other errors are rethrown. */
export function problemsOf(attempt: () => unknown): readonly ConfigurationProblem[] {
  try {
    attempt();
    return [];
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems;
    throw error;
  }
}

/** Makes all attempts. Throws one ConfigurationError with the problems of all. */
export function attemptAll(attempts: readonly (() => unknown)[]): void {
  const problems = attempts.flatMap(problemsOf);
  if (problems.length > 0) throw new ConfigurationError(problems);
}
