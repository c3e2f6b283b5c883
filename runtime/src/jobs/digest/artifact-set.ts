import { mkdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { moveTo, stampsOf, writeNew } from "../file.ts";
import { DIGEST_FORMS, type DigestTexts } from "./digest-text.ts";

/** Where the files of a digest are written, and where they end up. */
export interface ArtifactPlaces {
  readonly directory: string;
  readonly archive: string;
}

/** The names of a digest's files. */
export function artifactNames(stamp: string): string[] {
  return DIGEST_FORMS.map((form) => `digest_${stamp}.${form}`);
}

/**
 * Writes the files of one digest and moves them to the archive when all are written: all or none.
 * The names that they got, or undefined when all names of this second are taken.
 */
export async function writeArtifacts(
  places: ArtifactPlaces,
  texts: DigestTexts,
  madeAt: Date,
): Promise<string[] | undefined> {
  await mkdir(places.directory, { recursive: true });
  await mkdir(places.archive, { recursive: true });
  for (const stamp of stampsOf(madeAt)) {
    if (!(await claim(places, stamp, texts))) continue;
    const names = artifactNames(stamp);
    try {
      await fill(places, stamp, texts);
      await archive(places, names);
      return names;
    } catch (error) {
      for (const name of names) await remove(places, name);
      throw error;
    }
  }
  return undefined;
}

/**
 * Takes the names of a stamp by writing the first file. Whoever had them before has either the same
 * file here or has moved it, so the archive is looked at after the claim.
 */
async function claim(places: ArtifactPlaces, stamp: string, texts: DigestTexts): Promise<boolean> {
  const [first = ""] = artifactNames(stamp);
  if (await isAnyThere(places, stamp)) return false;
  if (!(await writeNew(join(places.directory, first), texts.csv))) return false;
  if (places.archive === places.directory || !(await isThere(join(places.archive, first))))
    return true;
  await rm(join(places.directory, first));
  return false;
}

async function isAnyThere(places: ArtifactPlaces, stamp: string): Promise<boolean> {
  for (const name of artifactNames(stamp)) {
    if (await isThere(join(places.directory, name))) return true;
    if (await isThere(join(places.archive, name))) return true;
  }
  return false;
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

async function fill(places: ArtifactPlaces, stamp: string, texts: DigestTexts): Promise<void> {
  for (const form of DIGEST_FORMS.slice(1)) {
    const name = `digest_${stamp}.${form}`;
    if (await writeNew(join(places.directory, name), texts[form])) continue;
    throw new Error(`${name}: somebody else wrote it meanwhile`);
  }
}

async function archive(
  { directory, archive: target }: ArtifactPlaces,
  names: readonly string[],
): Promise<void> {
  if (directory === target) return;
  for (const name of names) await moveTo(join(directory, name), join(target, name));
}

async function remove(places: ArtifactPlaces, name: string): Promise<void> {
  await rm(join(places.directory, name), { force: true });
  await rm(join(places.archive, name), { force: true });
}
