import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, rename, rm, rmdir, stat, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** Poll interval of a waiting process. */
const POLL_MS = 200;

/** Heartbeat interval of an owner, for waiters on other hosts. */
const HEARTBEAT_MS = 2_000;

/**
 * An owner without a heartbeat for this long, by the waiter's own clock, counts as dead: seven were
 * missed.
 */
const SILENCE_MS = 15_000;

/** The longest wait for a lock. The slowest thing done under one is the engine's build: about 7 minutes on 2 cores. */
const WAIT_LIMIT_MS = 60 * 60_000;

/**
 * Runs `work` while this process holds the lock at `directory`.
 *
 * Renaming a directory into place is atomic on every file system, so a lock always names its owner.
 * A lock whose owner died is removed: at once on the same host, after `silenceMs` without a
 * heartbeat on another one (a shared home directory, a container).
 */
export async function withLock(directory, work, { onWait, silenceMs = SILENCE_MS }) {
  const token = await acquire(directory, { onWait, silenceMs });
  const heartbeat = setInterval(() => beat(directory), HEARTBEAT_MS);
  heartbeat.unref();
  try {
    return await work();
  } finally {
    clearInterval(heartbeat);
    await remove(directory, token);
  }
}

async function acquire(directory, { onWait, silenceMs }) {
  const deadline = performance.now() + WAIT_LIMIT_MS;
  let seen;
  while (performance.now() < deadline) {
    const token = await tryAcquire(directory);
    if (token) return token;
    const owner = await readOwner(directory);
    if (!owner) {
      await sleep(POLL_MS);
      continue;
    }
    if (seen?.token !== owner.token) onWait(owner);
    if (seen?.token !== owner.token || seen.beatMs !== owner.beatMs) {
      seen = { ...owner, sinceMs: performance.now() };
    }
    if (isDead(owner) || performance.now() - seen.sinceMs > silenceMs) {
      await clear(directory, owner.token);
    } else {
      await sleep(POLL_MS);
    }
  }
  throw new Error(
    `${directory}: still locked after ${WAIT_LIMIT_MS / 60_000} minutes. Remove it if its owner is gone.`,
  );
}

async function tryAcquire(directory) {
  if (existsSync(directory)) return undefined;
  const token = randomUUID();
  const staged = `${directory}.${token}`;
  await mkdir(dirname(directory), { recursive: true });
  await mkdir(staged);
  await writeFile(ownerFile(staged), JSON.stringify({ token, pid: process.pid, host: hostname() }));
  try {
    await rename(staged, directory);
    return token;
  } catch (error) {
    await rm(staged, { recursive: true, force: true });
    if (error.code === "ENOTEMPTY" || error.code === "EEXIST") return undefined;
    throw error;
  }
}

async function readOwner(directory) {
  try {
    const owner = JSON.parse(await readFile(ownerFile(directory), "utf8"));
    return { ...owner, beatMs: (await stat(ownerFile(directory))).mtimeMs };
  } catch (error) {
    if (error.code === "ENOENT") return undefined;
    throw error;
  }
}

function isDead(owner) {
  if (owner.host !== hostname()) return false;
  try {
    process.kill(owner.pid, 0);
    return false;
  } catch (error) {
    return error.code === "ESRCH";
  }
}

/**
 * Only one process removes a stale lock at a time; two would mistake each other's fresh lock for
 * the stale one.
 */
async function clear(directory, staleToken) {
  const turn = `${directory}.clearing`;
  try {
    await mkdir(turn);
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
    await sleep(POLL_MS);
    const { mtimeMs } = await stat(turn).catch(() => ({ mtimeMs: Date.now() }));
    if (Date.now() - mtimeMs > SILENCE_MS) await rmdir(turn).catch(() => {});
    return;
  }
  try {
    await remove(directory, staleToken);
  } finally {
    await rmdir(turn).catch(() => {});
  }
}

async function remove(directory, token) {
  if ((await readOwner(directory))?.token !== token) return;
  const aside = `${directory}.${token}`;
  await rename(directory, aside);
  await rm(aside, { recursive: true, force: true });
}

function beat(directory) {
  const now = new Date();
  utimes(ownerFile(directory), now, now).catch(() => {});
}

function ownerFile(directory) {
  return join(directory, "owner.json");
}
