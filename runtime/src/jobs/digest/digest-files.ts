import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { errorCode } from "../../contract/error-code.ts";
import { momentOf, moveTo, stampsOf, writeNew } from "../file.ts";

/** The three formats, by file extension. */
export const DIGEST_FORMS = ["csv", "md", "txt"] as const;

export type DigestForm = (typeof DIGEST_FORMS)[number];

/** The files of one digest. An old one may lack a format. */
export interface DigestFiles {
  readonly madeAt: Date;
  readonly names: readonly string[];
  readonly texts: Partial<Readonly<Record<DigestForm, string>>>;
}

/** Directories of the files: the first while they are written, then the archive. */
interface DigestDirectories {
  readonly directory: string;
  readonly archive: string;
}

/** File names of a digest. */
export function digestNames(stamp: string): string[] {
  return DIGEST_FORMS.map((form) => `digest_${stamp}.${form}`);
}

/**
 * Writes the files of one digest, then moves all of them to the archive, or none. Returns their names,
 * or undefined if all names for this second exist.
 */
export async function writeDigest(
  directories: DigestDirectories,
  texts: Readonly<Record<DigestForm, string>>,
  madeAt: Date,
): Promise<string[] | undefined> {
  await mkdir(directories.directory, { recursive: true });
  await mkdir(directories.archive, { recursive: true });
  for (const stamp of stampsOf(madeAt)) {
    const names = digestNames(stamp);
    const own: string[] = [];
    try {
      if (await place(directories, { names, texts, own })) return names;
    } catch (error) {
      await removeAll(own);
      throw error;
    }
    await removeAll(own);
  }
  return undefined;
}

/**
 * Writes and archives files of these names, and adds each file of this process to `own`. Returns false
 * if a name is taken. The archive is checked last: another process may have moved its files there after
 * this one could write the same names.
 */
async function place(
  { directory, archive }: DigestDirectories,
  given: { names: readonly string[]; texts: Readonly<Record<DigestForm, string>>; own: string[] },
): Promise<boolean> {
  const { names, texts, own } = given;
  for (const [at, form] of DIGEST_FORMS.entries()) {
    const path = join(directory, names[at] ?? "");
    if (!(await writeNew(path, texts[form]))) return false;
    own.push(path);
  }
  if (archive === directory) return true;
  if (names.some((name) => existsSync(join(archive, name)))) return false;
  own.push(...names.map((name) => join(archive, name)));
  for (const name of names) await moveTo(join(directory, name), join(archive, name));
  return true;
}

async function removeAll(paths: readonly string[]): Promise<void> {
  for (const path of paths) await rm(path, { force: true });
}

/** Reads the newest file of each format, by the times in their names. Undefined if there is none. */
export async function readLatest(directory: string): Promise<DigestFiles | undefined> {
  const names = await readdir(directory).catch((error: unknown): string[] => {
    if (errorCode(error) === "ENOENT") return [];
    throw error;
  });
  const files = names.flatMap((name) => fileOf(name) ?? []);
  files.sort((a, b) => b.madeAt.getTime() - a.madeAt.getTime() || b.number - a.number);
  const newest = DIGEST_FORMS.flatMap((form) => files.find((file) => file.form === form) ?? []);
  const [first] = files;
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

/** A file by its name: format, time in UTC, and a number if a second has several. */
function fileOf(name: string) {
  const [, stamp = "", number = "0", form = ""] =
    /^digest_(\d{8}_\d{6})(?:_(\d{1,2}))?\.(csv|md|txt)$/.exec(name) ?? [];
  const madeAt = momentOf(stamp);
  return madeAt && { name, form, madeAt, number: Number(number) };
}
