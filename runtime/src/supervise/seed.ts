import { errorCode } from "../contract/error-code.ts";
import type { ManifestApp } from "../contract/app.ts";
import { EXIT } from "../contract/exit-code.ts";
import { decodeBase64 } from "./base64-stream.ts";
import { syncPath } from "../jobs/file.ts";
import { sqliteState } from "../databases/sqlite.ts";
import { StartRefused } from "./start-refused.ts";
import type { Logger } from "pino";
import { randomUUID } from "node:crypto";
import { createReadStream, createWriteStream, existsSync } from "node:fs";
import { link, lstat, mkdir, readlink, rm } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";

type Seed = NonNullable<ManifestApp["seed"]>;

/** What a present file is told about, and whether another try may help. */
const REFUSALS = {
  empty: "is there and empty. Restore a backup, or remove it to start with the seed",
  foreign: "is there and is no SQLite database. Look at it, then restore a backup or remove it",
  corrupt: "is there and damaged. Restore a backup",
  locked: "is there and locked by another process. Stop that process, or wait until it ends",
} as const;

/** Journals that SQLite would play into whatever database has their name. @see https://www.sqlite.org/howtocorrupt.html */
const JOURNALS = ["-wal", "-journal"];

/**
 * Starts an empty disk with a database, and never touches one that is there.
 *
 * A file that cannot be opened is data that somebody may need, so the start is refused instead: an
 * app of ours once lost its customers to a seed that took "locked" for "missing".
 *
 * @returns whether this process wrote the seed
 * @throws StartRefused
 */
export async function seedDatabase(
  seed: Seed,
  { directory, log }: { readonly directory: string; readonly log: Logger },
): Promise<boolean> {
  const file = await throughLink(resolve(directory, seed.file));
  const state = await sqliteState(file, "quick");
  if (state === "sound") return false;
  if (state !== "missing") {
    const code = state === "locked" ? EXIT.temporary : EXIT.configuration;
    throw new StartRefused([`app/seed: "${file}" ${REFUSALS[state]}.`], code);
  }
  const journal = JOURNALS.map((ending) => file + ending).find((path) => existsSync(path));
  if (journal) {
    throw new StartRefused([
      `app/seed: "${file}" is missing but "${journal}" is there and may hold its last rows. Restore a backup, or remove the journal to start with the seed.`,
    ]);
  }
  const isOurs = await write(seed, file, resolve(directory, seed.from));
  log.info({ file, by: isOurs ? "this process" : "another process" }, "the database was seeded");
  return isOurs;
}

/** Writes beside the file and gives it its name in one step that fails when somebody else was first. */
async function write(seed: Seed, file: string, from: string): Promise<boolean> {
  await mkdir(dirname(file), { recursive: true });
  const part = join(dirname(file), `.${basename(file)}.${randomUUID()}.opspec-part`);
  try {
    await decode(seed, from, part);
    const state = await sqliteState(part, "full");
    if (state !== "sound") {
      throw new StartRefused([
        `app/seed: "${from}" holds no sound SQLite database, it is ${state}. Make the seed again.`,
      ]);
    }
    await link(part, file);
    await syncPath(dirname(file));
    return true;
  } catch (error) {
    if (errorCode(error) === "EEXIST") return false;
    throw error;
  } finally {
    await rm(part, { force: true });
  }
}

async function decode({ encoding = "plain" }: Seed, from: string, part: string): Promise<void> {
  const steps = [
    ...(encoding.endsWith("base64") ? [decodeBase64()] : []),
    ...(encoding.startsWith("gzip") ? [createGunzip()] : []),
  ];
  try {
    await pipeline([
      createReadStream(from),
      ...steps,
      createWriteStream(part, { flags: "wx", mode: 0o640 }),
    ]);
  } catch (error) {
    const why = error instanceof Error ? error.message : "unknown";
    throw new StartRefused([
      `app/seed: "${from}" could not be read as ${encoding}: ${why}. Correct the seed or its encoding.`,
    ]);
  }
  await syncPath(part);
}

/** A persisted file that does not exist yet is a link to nothing: its place is where the link leads. */
async function throughLink(file: string): Promise<string> {
  const found = await lstat(file).catch(() => undefined);
  return found?.isSymbolicLink() ? resolve(dirname(file), await readlink(file)) : file;
}
