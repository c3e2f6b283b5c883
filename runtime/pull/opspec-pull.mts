// Usage: node opspec-pull.mts --url https://api.example.com [--directory <folder>] [--keep <n>]
//          [--token-file <file>] [--retry-seconds <n>]
//
// Downloads the newest backup of each database of a service to this computer, newest first, verifies
// its SHA-256 and keeps the last ones. It needs nothing but Node 22.18 or later and this one file;
// opspec-pull.ps1 beside it is the same for a Windows PC without Node: names, variables, log lines
// and exit codes are the same, so that either may take over the other's folder.
//
// Every option can also be a variable: OPSPEC_PULL_URL, OPSPEC_PULL_DIRECTORY, OPSPEC_PULL_KEEP,
// OPSPEC_PULL_TOKEN_FILE, OPSPEC_PULL_RETRY_SECONDS. The token (the service's BACKUP_PULL_TOKEN, which
// opens nothing but this) is in OPSPEC_PULL_TOKEN or in a file, and never on the command line, which
// other users of a PC can read.
//
// Exit codes: 0 done or nothing new, 1 for everything else.
import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { appendFile, mkdir, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { setTimeout as wait } from "node:timers/promises";
import { parseArgs } from "node:util";

/** As many as chorizaurio's PC script kept. */
const KEEP = 10;

/** A deploy of a service with a disk takes it away for about a minute: three tries, this far apart. */
const ATTEMPTS_MAX = 3;
const RETRY_SECONDS = 30;

/** A list is there at once; a gigabyte on a shop's line takes the better part of an hour. */
const LIST_LIMIT_MS = 60_000;
const DOWNLOAD_LIMIT_MS = 60 * 60_000;

/** A log that is longer, in bytes, is set aside; the one before it goes. */
const LOG_BYTES_MAX = 1024 * 1024;

/** An unfinished download this old belongs to no pull that still runs. */
const LEFTOVER_MS = 24 * 60 * 60_000;

/** A backup's name: prefix, time in UTC, and a number when a second has several. No way out of a folder. */
const BACKUP_NAME = /^([A-Za-z0-9][A-Za-z0-9._-]*?)(\d{8}_\d{6})(?:_(\d{1,3}))?\.db$/;

interface Settings {
  readonly url: string;
  readonly token: string;
  readonly directory: string;
  readonly keep: number;
  readonly retrySeconds: number;
}

/** A backup as the service lists it; only those with a checksum can be verified. */
interface Backup {
  readonly filename: string;
  readonly size: number;
  readonly sha256: string;
}

/** What went wrong, in words for the log; `isPassing` when another try may help. */
class PullError extends Error {
  override readonly name = "PullError";
  readonly isPassing: boolean;

  constructor(message: string, isPassing = false) {
    super(message);
    this.isPassing = isPassing;
  }
}

async function pull(settings: Settings): Promise<void> {
  await removeLeftovers(settings);
  const newest = newestOfEach(await retried(settings, () => list(settings)));
  if (newest.length === 0) throw new PullError("the service has no backup with a checksum");
  for (const backup of newest) {
    if (await isDownloaded(settings, backup)) {
      await say(settings, `skipped ${backup.filename}: it is here already`);
    } else {
      await retried(settings, () => download(settings, backup));
      await say(settings, `downloaded ${backup.filename}: ${backup.size} bytes, sha256 verified`);
    }
    await rotate(settings, backup.filename);
  }
}

/** The newest backup of each set, by name. Jobs that write to one folder list the same files. */
function newestOfEach(listing: unknown): Backup[] {
  const sets = listOf(fieldOf(listing, "sets"), "sets");
  const newest = sets.flatMap((set) => {
    const [first] = listOf(fieldOf(set, "backups"), "backups")
      .flatMap((it) => backupOf(it) ?? [])
      .toSorted((a, b) => compareNames(b.filename, a.filename));
    return first ?? [];
  });
  return [...new Map(newest.map((it) => [it.filename, it])).values()];
}

function backupOf(entry: unknown): Backup | undefined {
  const [filename, size, sha256] = ["filename", "size", "sha256"].map((it) => fieldOf(entry, it));
  if (typeof filename !== "string" || !BACKUP_NAME.test(filename)) return undefined;
  if (typeof size !== "number" || typeof sha256 !== "string") return undefined;
  return /^[0-9a-f]{64}$/i.test(sha256) ? { filename, size, sha256 } : undefined;
}

function fieldOf(value: unknown, name: string): unknown {
  return Object.entries(value ?? {}).find(([key]) => key === name)?.[1];
}

function listOf(value: unknown, what: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new PullError(`list: the answer has no ${what}. Is the URL the service's own?`);
}

function compareNames(a: string, b: string): number {
  const [, , stampA = "", numberA = "0"] = BACKUP_NAME.exec(a) ?? [];
  const [, , stampB = "", numberB = "0"] = BACKUP_NAME.exec(b) ?? [];
  return stampA.localeCompare(stampB, "en") || Number(numberA) - Number(numberB);
}

async function list(settings: Settings): Promise<unknown> {
  const answer = await ask(settings, "/ops/backups", { what: "list", limitMs: LIST_LIMIT_MS });
  try {
    return await answer.json();
  } catch {
    throw new PullError("list: the answer is no JSON", true);
  }
}

/** It has its name only when it is whole: a file with a backup's name is a verified backup. */
async function download(settings: Settings, { filename, size, sha256 }: Backup): Promise<void> {
  const what = `download ${filename}`;
  const path = `/ops/backups/${encodeURIComponent(filename)}`;
  const { body } = await ask(settings, path, { what, limitMs: DOWNLOAD_LIMIT_MS });
  const unfinished = join(settings.directory, `.${filename}.${process.pid}.part`);
  const hash = createHash("sha256");
  let received = 0;
  try {
    const counted = async function* () {
      for await (const part of body ?? []) {
        received += part.length;
        if (received > size) throw new PullError(`${what}: it is longer than ${size} bytes`);
        hash.update(part);
        yield part;
      }
    };
    await pipeline(counted, createWriteStream(unfinished, { flush: true, mode: 0o600 }));
    if (received < size) throw new PullError(`${what}: got ${received} of ${size} bytes`, true);
    if (hash.digest("hex") !== sha256.toLowerCase()) {
      throw new PullError(`${what}: its sha256 is not the one that the service lists`, true);
    }
    await rename(unfinished, join(settings.directory, filename));
  } catch (error) {
    if (error instanceof PullError) throw error;
    throw new PullError(`${what}: ${reasonOf(error)}`, true);
  } finally {
    await rm(unfinished, { force: true });
  }
}

async function ask(
  { url, token }: Settings,
  path: string,
  { what, limitMs }: { readonly what: string; readonly limitMs: number },
): Promise<Response> {
  const headers = { authorization: `Bearer ${token}` };
  // The token is for this service and for nobody to whom it points.
  const init = { headers, redirect: "manual", signal: AbortSignal.timeout(limitMs) } as const;
  const answer = await fetch(`${url}${path}`, init).catch((error: unknown) => {
    throw new PullError(`${what}: the service was not reached: ${reasonOf(error)}`, true);
  });
  if (answer.ok) return answer;
  await answer.body?.cancel();
  const { status } = answer;
  if (status === 401 || status === 403) {
    throw new PullError(`${what}: HTTP ${status}: the token is wrong. Renew it on this PC.`);
  }
  throw new PullError(`${what}: HTTP ${status}`, status >= 500 || status === 429);
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return "unknown reason";
  const { cause } = error;
  return cause instanceof Error ? `${error.message} (${cause.message})` : error.message;
}

async function retried<T>(settings: Settings, work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      const isPassing = error instanceof PullError && error.isPassing;
      if (!isPassing || attempt === ATTEMPTS_MAX) throw error;
      await say(settings, `${error.message}; try ${attempt} of ${ATTEMPTS_MAX}`);
      await wait(settings.retrySeconds * 1000);
    }
  }
}

/** A file that is here and has another checksum was damaged since: it is downloaded again. */
async function isDownloaded(
  { directory }: Settings,
  { filename, sha256 }: Backup,
): Promise<boolean> {
  const path = join(directory, filename);
  const found = await stat(path).catch(() => undefined);
  if (!found?.isFile()) return false;
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex") === sha256.toLowerCase();
}

/** The newest by name stay, and the one that was verified last whatever its name says. */
async function rotate(settings: Settings, lastVerified: string): Promise<void> {
  const backups = (await readdir(settings.directory))
    .filter((name) => prefixOf(name) === prefixOf(lastVerified))
    .toSorted((a, b) => compareNames(b, a));
  for (const name of backups.slice(settings.keep).filter((it) => it !== lastVerified)) {
    await rm(join(settings.directory, name));
    await say(settings, `removed ${name}: ${settings.keep} are kept`);
  }
}

function prefixOf(backup: string): string | undefined {
  return BACKUP_NAME.exec(backup)?.[1];
}

async function removeLeftovers({ directory }: Settings): Promise<void> {
  for (const name of await readdir(directory)) {
    if (!/^\..+\.db\.\d+\.part$/.test(name)) continue;
    const path = join(directory, name);
    if (Date.now() - (await stat(path)).mtimeMs > LEFTOVER_MS) await rm(path, { force: true });
  }
}

/** One line on the screen and in the log beside the backups. */
async function say({ directory }: Pick<Settings, "directory">, text: string): Promise<void> {
  const line = `${new Date().toISOString().replace(/\.\d+Z$/, "Z")} ${text}\n`;
  process.stdout.write(line);
  const path = join(directory, "opspec-pull.log");
  const found = await stat(path).catch(() => undefined);
  if (found && found.size > LOG_BYTES_MAX) await rename(path, `${path}.1`);
  await appendFile(path, line);
}

async function settingsOf(args: string[]): Promise<Settings> {
  const text = { type: "string" } as const;
  const options = { url: text, directory: text, keep: text, "token-file": text };
  const { values } = parseArgs({ args, options: { ...options, "retry-seconds": text } });
  const said = (name: keyof typeof values): string | undefined =>
    values[name] ?? process.env[`OPSPEC_PULL_${name.toUpperCase().replace("-", "_")}`];
  return {
    url: checkedUrl(said("url")),
    token: await tokenOf(said("token-file")),
    directory: said("directory") || join(homedir(), "Documents", "OpspecBackups"),
    keep: numberOf("keep", said("keep") || String(KEEP), 1),
    retrySeconds: numberOf("retry-seconds", said("retry-seconds") || String(RETRY_SECONDS), 0),
  };
}

/** Over plain HTTP everybody on the way could read the token. */
function checkedUrl(said: string | undefined): string {
  const url = URL.parse(said ?? "");
  const isLocal = url && ["localhost", "127.0.0.1", "[::1]"].includes(url.hostname);
  if (url?.protocol === "https:" || (isLocal && url.protocol === "http:")) return url.origin;
  throw new PullError("url: should be the https address of the service. Give --url.");
}

async function tokenOf(file: string | undefined): Promise<string> {
  const text = file ? await readFile(file, "utf8") : (process.env["OPSPEC_PULL_TOKEN"] ?? "");
  const token = text.replace(/^\uFEFF/, "").trim();
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new PullError("token: should be one word. Set OPSPEC_PULL_TOKEN or give --token-file.");
}

function numberOf(name: string, said: string, least: number): number {
  if (/^\d{1,4}$/.test(said) && Number(said) >= least) return Number(said);
  throw new PullError(`${name}: should be a number from ${least} to 9999, got ${said}.`);
}

/** Nothing could be logged before the folder is known: then it is told on the screen only. */
async function main(args: string[]): Promise<number> {
  let directory: string | undefined;
  try {
    const settings = await settingsOf(args);
    ({ directory } = settings);
    await mkdir(directory, { recursive: true });
    await pull(settings);
    return 0;
  } catch (error) {
    const text = `failed: ${error instanceof PullError ? error.message : reasonOf(error)}`;
    if (directory === undefined) process.stderr.write(`opspec-pull: ${text}\n`);
    else await say({ directory }, text);
    return 1;
  }
}

process.exitCode = await main(process.argv.slice(2));
