import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { momentOf } from "../file.ts";
import { errorCode } from "../../contract/error-code.ts";
import { type DigestForm, isDigestForm } from "./digest-text.ts";

/** A digest's file by its name: form, time in UTC, and a number when a second has several. */
interface DigestFile {
  readonly name: string;
  readonly form: DigestForm;
  readonly madeAt: Date;
  readonly number: number;
}

/** The newest file of each form that a directory has. */
export interface LatestDigest {
  /** When the newest of them was made. */
  readonly madeAt: Date;
  readonly names: readonly string[];
  readonly texts: Partial<Readonly<Record<DigestForm, string>>>;
}

/** The newest file of each form, by the times in their names; undefined when there is none. */
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
