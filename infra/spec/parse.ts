import { isUtf8 } from "node:buffer";
import { readdirSync, readFileSync } from "node:fs";
import { basename, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { hasCode, nearest, type Problem, SpecError, UsageError } from "../errors.ts";
import { locate, type Locations, readDocument, type SpecDocument } from "./document.ts";
import { extendDocument } from "./extend.ts";
import { dropInvalid } from "./partial.ts";
import { type PartialStackSpec, StackSpec } from "./stack.ts";

/** A parsed stack file. `spec` is set only when its shape has no problem. */
export interface LoadedSpec {
  /** The file name in messages, relative to the checkout. */
  readonly file: string;
  readonly spec?: StackSpec;
  /** What is left when invalid parts are dropped, so that rules of meaning can run on it. */
  readonly partial: PartialStackSpec;
  readonly problems: readonly Problem[];
  /** Paths of keys that were misspelt; they are not also reported as missing. */
  readonly meant: readonly string[];
  readonly places: Locations;
}

/** A spec's text and its file name in messages. */
export interface SpecText {
  readonly text: string;
  readonly file: string;
}

/** Finds the text of a stack that another one extends. */
export type FindStack = (stackName: string) => SpecText | undefined;

const CHECKOUT = fileURLToPath(new URL("../../", import.meta.url));
const STACKS_DIR = join(CHECKOUT, "stacks");
const SUFFIX = ".ops.yaml";

/** Reads and checks the shape of `<stacksDir>/<stack>.ops.yaml`. The only place that reads specs. */
export function loadStackSpec(stackName: string, stacksDir: string = STACKS_DIR): LoadedSpec {
  const known = listStacks(stacksDir);
  const find: FindStack = (name) =>
    known.includes(name) ? readSpecText(name, stacksDir) : undefined;
  const found = find(stackName);
  if (!found) throw new UsageError(noSuchStack(stackName, known, stacksDir));
  return parseStackSpec(found.text, found.file, find);
}

/** Validates the shape of a spec and of the one that it extends. */
export function parseStackSpec(
  text: string,
  file: string,
  find: FindStack = () => undefined,
): LoadedSpec {
  const document = readExtended({ text, file }, find, []);
  const { places } = document;
  if (!document.isReadable) {
    return { file, partial: {}, problems: document.problems, meant: [], places };
  }
  const { valid, rest, problems, meant } = dropInvalid(StackSpec, document.value);
  const shape = problems.map((problem) => withPlace(problem, places));
  const all = [...document.problems, ...shape];
  return {
    file,
    ...(valid && all.length === 0 ? { spec: valid } : {}),
    partial: rest,
    problems: all,
    meant,
    places,
  };
}

/** Names of the stacks that have a spec, sorted. */
export function listStacks(stacksDir: string = STACKS_DIR): string[] {
  return readdirSync(stacksDir)
    .filter((name) => name.endsWith(SUFFIX))
    .map((name) => name.slice(0, -SUFFIX.length))
    .toSorted();
}

/** The problem with the place of its path, or of the nearest part around it. */
export function withPlace(problem: Problem, places: Locations): Problem {
  const place = problem.place ?? locate(places, problem.path);
  return place ? { ...problem, place } : problem;
}

/** A document on top of those that it extends, the farthest first. */
function readExtended(spec: SpecText, find: FindStack, through: readonly string[]): SpecDocument {
  const own = readDocument(spec.text, spec.file);
  const base = baseOf(own.value);
  if (base === undefined) return own;
  const found = find(base);
  const isCircle = through.includes(base) || found?.file === spec.file;
  if (found && !isCircle) return extendDocument(readExtended(found, find, [...through, base]), own);
  const message = isCircle
    ? `"${base}" extends this stack itself.`
    : `there is no stack "${base}".`;
  const problem = { path: "extends", message, remedy: "Correct the name." };
  return { ...own, problems: [...own.problems, withPlace(problem, own.places)] };
}

function baseOf(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null || !("extends" in value)) return undefined;
  return typeof value.extends === "string" ? value.extends : undefined;
}

function readSpecText(stackName: string, stacksDir: string): SpecText {
  const path = join(stacksDir, `${stackName}${SUFFIX}`);
  const file = shownPath(path);
  const bytes = readBytes(path, file);
  if (!isUtf8(bytes)) throw new SpecError(file, [notUtf8(bytes, file)]);
  return { text: bytes.toString("utf8"), file };
}

/** @throws UsageError when it is not a readable file */
function readBytes(path: string, file: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    if (hasCode(error, "EISDIR")) {
      throw new UsageError(`${file}: is a directory. Write the spec in a file of this name.`);
    }
    const why = error instanceof Error ? error.message : String(error);
    throw new UsageError(`${file}: cannot be read: ${why}. Correct its permissions.`);
  }
}

/** The problem of a text in another encoding, at its first invalid character. */
function notUtf8(bytes: Buffer, file: string): Problem {
  const lines = bytes.toString("latin1").split("\n");
  const index = lines.findIndex((line) => !isUtf8(Buffer.from(line, "latin1")));
  const text = Buffer.from(lines[index] ?? "", "latin1").toString("utf8");
  return {
    path: "",
    place: { file, line: index + 1, column: text.indexOf("\uFFFD") + 1 },
    message: "is not UTF-8 text.",
    remedy: "Save the file as UTF-8.",
  };
}

function noSuchStack(stackName: string, known: readonly string[], stacksDir: string): string {
  const near = nearest(stackName, known);
  const hint = near === undefined ? "" : ` Did you mean "${near}"?`;
  const list = known.length === 0 ? "none" : known.join(", ");
  return `${shownPath(stacksDir)}: there is no stack "${stackName}".${hint} Stacks: ${list}.`;
}

/** Path relative to the checkout, with forward slashes; elsewhere only the last name. */
function shownPath(path: string): string {
  const inside = relative(CHECKOUT, resolve(path)).replaceAll("\\", "/");
  if (!inside.startsWith("..")) return inside;
  return path.endsWith(SUFFIX) ? `stacks/${basename(path)}` : basename(path);
}
