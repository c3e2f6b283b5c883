import { type TextTable, tableOf } from "../mail.ts";
import { shortText } from "../../contract/text.ts";
import type { Row } from "../../sources/source-reading.ts";
import { mkdir, readFile, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { momentOf, moveTo, stampsOf, writeNew } from "../file.ts";
import { errorCode } from "../../contract/error-code.ts";

/** Content of a digest. */
export interface Digest {
  readonly title: string;
  readonly madeAt: Date;
  readonly timezone: string;
  /** Undefined if there is no source, or if its variables are not set. */
  readonly rows: readonly Row[] | undefined;
}

/** The three formats, by file extension. */
export const DIGEST_FORMS = ["csv", "md", "txt"] as const;

export type DigestForm = (typeof DIGEST_FORMS)[number];

export type DigestTexts = Readonly<Record<DigestForm, string>>;

/** Number of rows in the mail, md and txt. The csv has all rows. */
export const SHOWN_MAX = 200;

/** Widest column of the plain text, in characters. */
const WIDTH_MAX = 40;

function isDigestForm(text: string): text is DigestForm {
  return DIGEST_FORMS.some((form) => form === text);
}

/** Renders the digest as CSV, Markdown and plain text. */
export async function digestTexts(digest: Digest): Promise<DigestTexts> {
  const { stringify } = await import("csv-stringify/sync");
  const table = tableOf(digest.rows ?? []);
  return {
    csv: stringify([table.columns, ...table.cells].filter((line) => line.length > 0)),
    md: [`# ${digest.title}`, ...heading(digest), ...markdownTable(table)].join("\n"),
    txt: [digest.title, ...heading(digest), ...plainTable(table)].join("\n"),
  };
}

/** Local time in a zone, `2026-01-06 13:00`. */
export function localTime(moment: Date, timezone: string): string {
  return new Intl.DateTimeFormat("sv-SE", {
    timeZone: timezone,
    dateStyle: "short",
    timeStyle: "short",
  }).format(moment);
}

function heading({ madeAt, timezone, rows }: Digest): string[] {
  const local = localTime(madeAt, timezone);
  const count = rows ? `${rows.length} rows` : "No source of rows is configured";
  const rest = (rows?.length ?? 0) - SHOWN_MAX;
  const shown = rest > 0 ? [`The first ${SHOWN_MAX} are shown; the csv has all of them.`] : [];
  return ["", `${local} ${timezone}. ${count}.`, ...shown, ""];
}

function markdownTable({ columns, cells }: TextTable): string[] {
  if (columns.length === 0) return [""];
  const rule = `|${columns.map(() => "---").join("|")}|`;
  return [markdownLine(columns), rule, ...cells.slice(0, SHOWN_MAX).map(markdownLine), ""];
}

function markdownLine(texts: readonly string[]): string {
  return `| ${texts.map(markdownCell).join(" | ")} |`;
}

/** Escapes a bar, which would end the cell, and line breaks, which would end the table. */
function markdownCell(text: string): string {
  return oneLine(text).replaceAll("|", String.raw`\|`);
}

function plainTable({ columns, cells }: TextTable): string[] {
  const lines = [columns, ...cells.slice(0, SHOWN_MAX)].map((texts) => texts.map(plainCell));
  const widths = columns.map((_, column) =>
    Math.max(...lines.map((line) => line[column]?.length ?? 0)),
  );
  return [
    ...lines.map((line) => line.map((text, column) => text.padEnd(widths[column] ?? 0)).join("  ")),
    "",
  ].map((line) => line.trimEnd());
}

function plainCell(text: string): string {
  return shortText(oneLine(text), WIDTH_MAX);
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ").trim();
}

/** Directories of the files: the first while they are written, then the archive. */
export interface DigestDirectories {
  readonly directory: string;
  readonly archive: string;
}

/** File names of a digest. */
export function artifactNames(stamp: string): string[] {
  return DIGEST_FORMS.map((form) => `digest_${stamp}.${form}`);
}

/**
 * Writes the files of one digest, then moves all of them to the archive, or none. Returns their names,
 * or undefined if all names for this second exist.
 */
export async function writeArtifacts(
  directories: DigestDirectories,
  texts: DigestTexts,
  madeAt: Date,
): Promise<string[] | undefined> {
  await mkdir(directories.directory, { recursive: true });
  await mkdir(directories.archive, { recursive: true });
  for (const stamp of stampsOf(madeAt)) {
    if (!(await claim(directories, stamp, texts))) continue;
    const names = artifactNames(stamp);
    try {
      await fill(directories, stamp, texts);
      await archive(directories, names);
      return names;
    } catch (error) {
      for (const name of names) await remove(directories, name);
      throw error;
    }
  }
  return undefined;
}

/**
 * Claims the names of a stamp by writing the first file. An earlier claim has the same file here or
 * has moved it to the archive, so this checks the archive after the claim.
 */
async function claim(
  directories: DigestDirectories,
  stamp: string,
  texts: DigestTexts,
): Promise<boolean> {
  const [first = ""] = artifactNames(stamp);
  if (await isAnyThere(directories, stamp)) return false;
  if (!(await writeNew(join(directories.directory, first), texts.csv))) return false;
  if (
    directories.archive === directories.directory ||
    !(await isThere(join(directories.archive, first)))
  )
    return true;
  await rm(join(directories.directory, first));
  return false;
}

async function isAnyThere(directories: DigestDirectories, stamp: string): Promise<boolean> {
  for (const name of artifactNames(stamp)) {
    if (await isThere(join(directories.directory, name))) return true;
    if (await isThere(join(directories.archive, name))) return true;
  }
  return false;
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

async function fill(
  directories: DigestDirectories,
  stamp: string,
  texts: DigestTexts,
): Promise<void> {
  for (const form of DIGEST_FORMS.slice(1)) {
    const name = `digest_${stamp}.${form}`;
    if (await writeNew(join(directories.directory, name), texts[form])) continue;
    throw new Error(`${name}: another process wrote it in the meantime`);
  }
}

async function archive(
  { directory, archive: target }: DigestDirectories,
  names: readonly string[],
): Promise<void> {
  if (directory === target) return;
  for (const name of names) await moveTo(join(directory, name), join(target, name));
}

async function remove(directories: DigestDirectories, name: string): Promise<void> {
  await rm(join(directories.directory, name), { force: true });
  await rm(join(directories.archive, name), { force: true });
}

/** A file by its name: format, time in UTC, and a number if a second has several. */
interface DigestFile {
  readonly name: string;
  readonly form: DigestForm;
  readonly madeAt: Date;
  readonly number: number;
}

/** The newest file of each format in a directory. */
export interface LatestDigest {
  /** Time of the newest file. */
  readonly madeAt: Date;
  readonly names: readonly string[];
  readonly texts: Partial<Readonly<Record<DigestForm, string>>>;
}

/** Reads the newest file of each format, by the times in their names. Undefined if there is none. */
export async function readLatest(directory: string): Promise<LatestDigest | undefined> {
  const newest = newestOfEach((await namesIn(directory)).flatMap((name) => fileOf(name) ?? []));
  const [first] = newest.toSorted(newestFirst);
  if (!first) return undefined;
  const texts = newest.map(
    async ({ form, name }) => [form, await readFile(join(directory, name), "utf8")] as const,
  );
  return {
    madeAt: first.madeAt,
    names: newest.map(({ name }) => name),
    texts: Object.fromEntries(await Promise.all(texts)),
  };
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return [];
    throw error;
  }
}

function fileOf(name: string): DigestFile | undefined {
  const [, stamp = "", number = "0", form = ""] =
    /^digest_(\d{8}_\d{6})(?:_(\d{1,2}))?\.([a-z]+)$/.exec(name) ?? [];
  const madeAt = momentOf(stamp);
  if (!madeAt || !isDigestForm(form)) return undefined;
  return { name, form, madeAt, number: Number(number) };
}

function newestOfEach(files: readonly DigestFile[]): DigestFile[] {
  const byForm = Map.groupBy(files, ({ form }) => form);
  return [...byForm.values()].flatMap((its) => its.toSorted(newestFirst).slice(0, 1));
}

function newestFirst(a: DigestFile, b: DigestFile): number {
  return b.madeAt.getTime() - a.madeAt.getTime() || b.number - a.number;
}
