import { randomUUID } from "node:crypto";
import { createReadStream, createWriteStream, existsSync } from "node:fs";
import { link, mkdir, rm } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import type { Logger } from "pino";
import type { ManifestApp } from "../contract/app.ts";
import { errorCode } from "../contract/error-code.ts";
import { EXIT } from "../contract/exit-code.ts";
import { checkDatabase } from "../backups/database-check.ts";
import { sqliteState } from "../databases/sqlite.ts";
import { behindLinks, syncPath } from "../jobs/file.ts";
import { StartRefused } from "./start-refused.ts";

type Seed = NonNullable<ManifestApp["seed"]>;

/** What is wrong with a file that exists, and the remedy. */
const REFUSALS = {
  empty: "exists and is empty. Restore a backup, or remove it to start with the seed",
  foreign: "exists and is no SQLite database. Inspect it, then restore a backup or remove it",
  corrupt: "exists and is damaged. Restore a backup",
  locked: "exists and is locked by another process. Stop that process, or wait until it ends",
} as const;

/** Journals that SQLite would apply to any database of their name. @see https://www.sqlite.org/howtocorrupt.html */
const JOURNALS = ["-wal", "-journal"];

/**
 * Writes the seed as the database of an empty disk. It never changes a database that exists.
 *
 * A file that cannot be opened may hold data, so the start is refused: one of our apps lost its
 * customers to a seed that took "locked" for "missing".
 *
 * @returns whether this process wrote the seed
 * @throws StartRefused
 */
export async function seedDatabase(
  seed: Seed,
  { directory, log }: { readonly directory: string; readonly log: Logger },
): Promise<boolean> {
  const file = await behindLinks(resolve(directory, seed.file));
  const state = await sqliteState(file);
  if (state === "sound") return false;
  if (state !== "missing") {
    const exitCode = state === "locked" ? EXIT.temporary : EXIT.configuration;
    throw new StartRefused([`app/seed: "${file}" ${REFUSALS[state]}.`], { exitCode });
  }
  const journal = JOURNALS.map((ending) => file + ending).find((path) => existsSync(path));
  if (journal) {
    throw new StartRefused([
      `app/seed: "${file}" is missing but "${journal}" exists and may hold its last rows. Restore a backup, or remove the journal to start with the seed.`,
    ]);
  }
  const isOurs = await write(seed, file, resolve(directory, seed.from));
  log.info({ file, by: isOurs ? "this process" : "another process" }, "the database was seeded");
  return isOurs;
}

/** Writes another file and names it in one step, which fails when another process was first. */
async function write(seed: Seed, file: string, from: string): Promise<boolean> {
  await mkdir(dirname(file), { recursive: true });
  const part = join(dirname(file), `.${basename(file)}.${randomUUID()}.opspec-part`);
  try {
    await decode(seed, from, part);
    const problem = await problemOf(part);
    if (problem !== undefined) {
      throw new StartRefused([
        `app/seed: "${from}" is not a sound SQLite database: ${problem}. Make the seed again.`,
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

async function problemOf(part: string): Promise<string | undefined> {
  const state = await sqliteState(part);
  if (state !== "sound") return `it is ${state}`;
  const { signal } = new AbortController();
  return (await checkDatabase(part, { signal, mode: "as-is" })).problems[0];
}

async function decode({ encoding = "plain" }: Seed, from: string, part: string): Promise<void> {
  const steps = [
    ...(encoding.endsWith("base64") ? [decodeBase64()] : []),
    ...(encoding.startsWith("gzip") ? [createGunzip()] : []),
  ];
  const target = createWriteStream(part, { flags: "wx", mode: 0o640 });
  try {
    await pipeline([createReadStream(from), ...steps, target]);
  } catch (error) {
    const why = error instanceof Error ? error.message : "unknown";
    throw new StartRefused([
      `app/seed: "${from}" could not be read as ${encoding}: ${why}. Correct the seed or its encoding.`,
    ]);
  }
  await syncPath(part);
}

/**
 * Decodes base64 as a stream and fails at the first character that is not base64.
 *
 * Node's decoder skips what it does not know, so a cut or corrupted file would give a shorter one
 * without an error.
 */
function decodeBase64(): Transform {
  let rest = "";
  let hasEnded = false;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const text = chunk.toString("latin1");
      if (/[^A-Za-z0-9+/=\s]/.test(text)) return done(new Error("it holds more than base64"));
      const clean = rest + text.replaceAll(/\s/g, "");
      const whole = clean.length - (clean.length % 4);
      rest = clean.slice(whole);
      const ready = clean.slice(0, whole);
      const padding = /=.*$/.exec(ready)?.[0];
      if ((hasEnded && clean !== "") || (padding && !/^={1,2}$/.test(padding))) {
        return done(new Error("base64 goes on after its end"));
      }
      hasEnded ||= padding !== undefined;
      return done(null, Buffer.from(ready, "base64"));
    },
    flush(done) {
      done(rest === "" ? null : new Error("the base64 is cut short"));
    },
  });
}
