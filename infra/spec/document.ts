import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, visit } from "yaml";
import type { Alias, Document, Node, Pair, Scalar, YAMLError, YAMLMap } from "yaml";
import type { Location, Problem } from "../errors.ts";

/** Slash path → place of the key or list item in its file. */
export type Locations = ReadonlyMap<string, Location>;

/** A parsed YAML text: plain data, the place of each part, and the YAML problems. */
export interface SpecDocument {
  readonly value: unknown;
  /** Whether the text is valid YAML. If not, the value is unreliable. */
  readonly isReadable: boolean;
  readonly places: Locations;
  readonly problems: readonly Problem[];
}

/** Parses YAML. Pure; `file` is only used in places. */
export function readDocument(text: string, file: string): SpecDocument {
  const lineCounter = new LineCounter();
  // The parser's own search for keys written twice compares each with each; ours is linear.
  const options = {
    lineCounter,
    prettyErrors: false,
    uniqueKeys: false,
    logLevel: "error",
    merge: true,
  } as const;
  const document = parseDocument(text, options);
  const placeAt = (offset: number): Location => {
    const { line, col } = lineCounter.linePos(offset);
    return { file, line, column: col };
  };
  const targets = aliasTargets(document);
  const survey: Survey = { targets, places: new Map([["", placeAt(0)]]), problems: [], placeAt };
  if (document.contents) surveyNode(document.contents, "", survey);
  const { value, problem } = readValue(document);
  const syntax = document.errors.map((error) => syntaxProblem(error, placeAt(error.pos[0])));
  if (problem) syntax.push({ ...problem, place: placeAt(0) });
  const isReadable = syntax.length === 0;
  const { places, problems } = survey;
  return { value: isReadable ? value : {}, isReadable, places, problems: [...syntax, ...problems] };
}

/** The place of a path, or of its nearest ancestor in the file. */
export function locate(places: Locations, path: string): Location | undefined {
  for (let at = path; ; at = at.slice(0, Math.max(at.lastIndexOf("/"), 0))) {
    const place = places.get(at);
    if (place || at === "") return place;
  }
}

/** Joins a path of the data to the slash path of messages. */
export function joinPath(base: string, ...parts: readonly PropertyKey[]): string {
  return [base, ...parts.map(String)].filter((part) => part !== "").join("/");
}

/** What a walk through the document collects. */
interface Survey {
  /** The node that each alias repeats. */
  readonly targets: ReadonlyMap<Alias, Node>;
  readonly places: Map<string, Location>;
  readonly problems: Problem[];
  readonly placeAt: (offset: number) => Location;
}

function surveyNode(node: unknown, path: string, survey: Survey): void {
  if (isMap(node)) node.items = surveyPairs(node.items, path, survey);
  if (isScalar(node)) surveyScalar(node, path, survey);
  if (!isSeq(node)) return;
  for (const [index, item] of node.items.entries()) {
    const child = joinPath(path, index);
    if (isNode(item) && item.range) survey.places.set(child, survey.placeAt(item.range[0]));
    surveyNode(item, child, survey);
  }
}

/** The pairs without duplicate keys; only the first one counts. */
function surveyPairs<P extends Pair>(pairs: readonly P[], path: string, survey: Survey): P[] {
  surveyMerged(pairs, path, survey);
  const seen = new Set<string>();
  return pairs.filter(({ key, value }) => {
    const name = isScalar(key) ? String(key.value) : "";
    if (isMergeKey(key)) return true;
    const child = joinPath(path, name);
    const place = survey.placeAt(isScalar(key) ? (key.range?.[0] ?? 0) : 0);
    if (seen.has(name)) {
      survey.problems.push({ path: child, place, ...WRITTEN_TWICE });
      return false;
    }
    seen.add(name);
    survey.places.set(child, place);
    surveyNode(value, child, survey);
    return true;
  });
}

/** Finds the anchors of all aliases in one walk; the parser's own search takes a walk for each. */
function aliasTargets(document: Document): ReadonlyMap<Alias, Node> {
  const anchors = new Map<string, Node>();
  const targets = new Map<Alias, Node>();
  visit(document, {
    Alias: (_, alias) => {
      const target = anchors.get(alias.source);
      if (target) targets.set(alias, target);
    },
    Value: (_, node) => {
      if (node.anchor !== undefined) anchors.set(node.anchor, node);
    },
  });
  return targets;
}

/** Locates the keys that `<<` adds in their own blocks, before the keys of the block itself. */
function surveyMerged(pairs: readonly Pair[], path: string, survey: Survey): void {
  const blocks = new Set<YAMLMap>();
  const follow = ({ key, value }: Pair): void => {
    if (!isMergeKey(key)) return;
    for (const source of isSeq(value) ? value.items : [value]) {
      const block = isAlias(source) ? survey.targets.get(source) : source;
      if (!isMap(block) || blocks.has(block)) continue;
      blocks.add(block);
      block.items.forEach(follow);
    }
  };
  pairs.forEach(follow);
  for (const block of blocks) {
    for (const { key, value } of block.items) {
      if (!isScalar(key) || isMergeKey(key)) continue;
      const child = joinPath(path, String(key.value));
      if (survey.places.has(child)) continue;
      survey.places.set(child, survey.placeAt(key.range?.[0] ?? 0));
      surveyNode(value, child, survey);
    }
  }
}

/** The parser turns an unquoted `<<` into a symbol. @see https://yaml.org/type/merge.html */
function isMergeKey(key: unknown): boolean {
  return isScalar(key) && typeof key.value === "symbol";
}

const WRITTEN_TWICE = {
  message: "this key is duplicated.",
  remedy: "Keep one; the other would be ignored.",
};

/** `3.10` is the number 3.1: a version written so would be deployed wrong without a word. */
function surveyScalar({ value, source, range }: Scalar, path: string, survey: Survey): void {
  if (typeof value !== "number" || source === undefined || String(value) === source) return;
  survey.problems.push({
    path,
    place: survey.placeAt(range?.[0] ?? 0),
    message: `${source} is read as the number ${value}.`,
    remedy: `Quote it if it is text, or write ${value}.`,
  });
}

function isNode(value: unknown): value is Node {
  return isMap(value) || isSeq(value) || isScalar(value) || isAlias(value);
}

/** Aliases are resolved last, so an anchor that does not exist is found only here. */
function readValue(document: ReturnType<typeof parseDocument>): {
  value: unknown;
  problem?: Problem;
} {
  try {
    return { value: withoutExtensions(document.toJS() ?? {}) };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { value: {}, problem: unreadable(reason) };
  }
}

/** Marks blocks that only hold anchors, as in compose files. */
export const EXTENSION = "x-";

/** The problem of such a block at any other place. */
export const MISPLACED_EXTENSION = {
  message: "x- blocks, which only hold anchors, are possible at the top level only.",
  remedy: "Move it there.",
};

/** The value without the blocks at its top level that only hold anchors. */
function withoutExtensions(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([key]) => !key.startsWith(EXTENSION)));
}

function syntaxProblem(error: YAMLError, place: Location): Problem {
  if (error.code !== "TAB_AS_INDENT") return { ...unreadable(error.message), place };
  const message = "a tab is not allowed as indentation.";
  return { path: "", place, message, remedy: "Use spaces." };
}

function unreadable(reason: string): Problem {
  const message = `is not valid YAML: ${reason.replace(/\.$/, "")}.`;
  return { path: "", message, remedy: "Correct the syntax." };
}
