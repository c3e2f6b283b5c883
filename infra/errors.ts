import { closest, distance } from "fastest-levenshtein";

/** A place in a text file. Lines and columns count from 1, as editors show them. */
export interface Location {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** One problem of an operator's text: where, what, and what to do. */
export interface Problem {
  /** Slash path into the spec, for example `jobs/digest-weekdays/on`. Empty for the whole file. */
  readonly path: string;
  /** The problem; ends with a full stop. */
  readonly message: string;
  /** The remedy; ends with a full stop. */
  readonly remedy?: string;
  readonly place?: Location;
}

/**
 * The operator's text is wrong. Lists every problem, sorted by place, without a stack trace.
 *
 * Scripts print the message and exit with 2; the Pulumi program rethrows it as a RunError.
 */
export class SpecError extends Error {
  readonly file: string;
  readonly problems: readonly Problem[];

  constructor(file: string, problems: readonly Problem[]) {
    const sorted = problems.toSorted(byPlace);
    super(
      [
        `${file}: ${sorted.length} problem(s)`,
        ...sorted.map((it) => `  ${renderProblem(it)}`),
      ].join("\n"),
    );
    this.name = "SpecError";
    this.file = file;
    this.problems = sorted;
  }
}

/** The operator's request cannot be executed: bad usage, a missing tool, a refused operation. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** One line: `file:line:column  path: message remedy`. */
function renderProblem(problem: Problem): string {
  const { place, path, message, remedy } = problem;
  const where = place ? `${place.file}:${place.line}:${place.column}  ` : "";
  return `${where}${path ? `${path}: ` : ""}${message}${remedy ? ` ${remedy}` : ""}`;
}

function byPlace(a: Problem, b: Problem): number {
  return (
    // A spec that extends another one has problems in two files.
    (a.place?.file ?? "").localeCompare(b.place?.file ?? "") ||
    (a.place?.line ?? 0) - (b.place?.line ?? 0) ||
    (a.place?.column ?? 0) - (b.place?.column ?? 0) ||
    a.path.localeCompare(b.path) ||
    a.message.localeCompare(b.message)
  );
}

/** Greatest edit distance between a misspelt word and the intended one. */
const EDITS_MAX = 3;

/** The known word that is closest to a misspelt one; never the word itself. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const others = known.filter((it) => it !== word);
  if (others.length === 0) return undefined;
  const near = closest(word, others);
  const edits = distance(word.toLowerCase(), near.toLowerCase());
  return edits <= Math.min(EDITS_MAX, Math.ceil(word.length / 2)) ? near : undefined;
}

/** Whether it is a system error with this code, such as ENOENT. */
export function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && "code" in error && codes.includes(String(error.code));
}
