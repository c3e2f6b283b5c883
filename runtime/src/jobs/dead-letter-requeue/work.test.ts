import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { renderManifest } from "../../contract/manifest.ts";
import { jobContext } from "../../../testing/job-context.ts";
import { withRedis } from "../../../testing/redis.ts";
import { scratchManifest } from "../../../testing/scratch-process.ts";
import { useRedis } from "../../../testing/servers.ts";
import { work as requeueDeadLetters } from "./work.ts";

const redis = useRedis();

const MAIN = join(import.meta.dirname, "..", "..", "main.ts");

function given(url: string, more: { options?: object; input?: object; dryRun?: boolean } = {}) {
  const { options = {}, input = {}, dryRun = false } = more;
  return jobContext({
    directory: "/",
    env: { REDIS_URL: url },
    options: { ...options },
    input: { ...input },
    dryRun,
  });
}

function lists(url: string): Promise<{ dead: string[]; jobs: string[] }> {
  return withRedis(url, async (client) => ({
    dead: await client.lrange("jobs:dead", 0, -1),
    jobs: await client.lrange("jobs", 0, -1),
  }));
}

async function filled(url: string, entries: readonly string[]): Promise<void> {
  await withRedis(url, (client) => client.rpush("jobs:dead", ...entries));
}

test("all dead entries go to the tail of their queue, oldest first", async (context) => {
  const url = (await redis(context)).freshDatabase();
  const dead = Array.from({ length: 250 }, (_, n) => `dead-${n}`);
  await filled(url, dead);
  await withRedis(url, (client) => client.rpush("jobs", "waiting"));

  const outcome = await requeueDeadLetters(given(url));

  const details = { queue: "jobs:dead", to: "jobs", length: 250, moved: 250, left: 0 };
  expect(outcome).toEqual({ status: "ok", details });
  expect(await lists(url)).toEqual({ dead: [], jobs: ["waiting", ...dead] });
});

test("max says how many, and what a person says wins over the option", async (context) => {
  const url = (await redis(context)).freshDatabase();
  await filled(url, ["a", "b", "c", "d"]);

  const byOption = await requeueDeadLetters(given(url, { options: { max: 1 } }));
  const byHand = await requeueDeadLetters(given(url, { options: { max: 1 }, input: { max: 2 } }));

  expect([byOption, byHand].map(({ details }) => details)).toMatchObject([
    { length: 4, moved: 1, left: 3 },
    { length: 3, moved: 2, left: 1 },
  ]);
  expect(await lists(url)).toEqual({ dead: ["d"], jobs: ["a", "b", "c"] });
});

test("a dry run moves nothing, and no queue at all is fine", async (context) => {
  const url = (await redis(context)).freshDatabase();
  const missing = await requeueDeadLetters(given(url));
  await filled(url, ["a", "b"]);

  const dry = await requeueDeadLetters(given(url, { input: { max: 1 }, dryRun: true }));

  expect(missing.details).toMatchObject({ length: 0, moved: 0 });
  expect(dry).toMatchObject({ status: "skipped", details: { length: 2, wouldMove: 1 } });
  expect(await lists(url)).toEqual({ dead: ["a", "b"], jobs: [] });
});

test("entries of a stream keep their fields", async (context) => {
  const url = (await redis(context)).freshDatabase();
  await withRedis(url, async (client) => {
    await client.xadd("jobs:dead", "*", "id", "1", "kind", "pdf");
    await client.xadd("jobs:dead", "*", "id", "2", "kind", "prep");
  });

  const { details } = await requeueDeadLetters(given(url, { options: { to: "again" } }));

  const entries = await withRedis(url, (client) => client.xrange("again", "-", "+"));
  expect(details).toMatchObject({ to: "again", moved: 2, left: 0 });
  expect(entries.map(([, fields]) => fields)).toEqual([
    ["id", "1", "kind", "pdf"],
    ["id", "2", "kind", "prep"],
  ]);
});

test("another type on either side, and a queue that is its own target, are refused and nothing moves", async (context) => {
  const url = (await redis(context)).freshDatabase();
  await filled(url, ["a"]);
  await withRedis(url, async (client) => {
    await client.set("text", "x");
    await client.xadd("stream", "*", "a", "b");
  });
  const refusal = (options: object) =>
    requeueDeadLetters(given(url, { options })).catch((error: unknown) => String(error));

  const said = [
    await refusal({ queue: "text" }),
    await refusal({ to: "stream" }),
    await refusal({ to: "jobs:dead" }),
  ];

  expect(said[0]).toContain("text: the key holds a string, not a list or stream.");
  expect(said[1]).toContain("stream: the key holds a stream, not a list.");
  expect(said[2]).toContain("jobs/job/options/to: is the queue with the dead entries.");
  expect(await lists(url)).toEqual({ dead: ["a"], jobs: [] });
});

test("a run that must end tells what it moved until then", async (context) => {
  const url = (await redis(context)).freshDatabase();
  await filled(
    url,
    Array.from({ length: 250 }, (_, n) => `dead-${n}`),
  );
  let looks = 0;
  const signal = Object.assign(new AbortController().signal, {
    throwIfAborted: () => {
      if ((looks += 1) === 3) throw new Error("deadline");
    },
  });

  const run = requeueDeadLetters({ ...given(url), signal });

  await expect(run).rejects.toMatchObject({
    details: { queue: "jobs:dead", to: "jobs", moved: 200 },
  });
  expect((await lists(url)).dead).toHaveLength(50);
});

test("a run that is killed between two steps has lost none and doubled none, and the next one goes on", async (context) => {
  const url = (await redis(context)).freshDatabase();
  const dead = Array.from({ length: 60_000 }, (_, n) => `dead-${n}`);
  for (let at = 0; at < dead.length; at += 10_000) await filled(url, dead.slice(at, at + 10_000));

  let half = await killedRun(url);
  // On a machine that stood still meanwhile the run was over before it could be killed.
  while (half.dead.length === 0) {
    await withRedis(url, (client) => client.rename("jobs", "jobs:dead"));
    half = await killedRun(url);
  }

  expect([...half.jobs, ...half.dead]).toEqual(dead);
  await requeueDeadLetters(given(url));
  expect(await lists(url)).toEqual({ dead: [], jobs: dead });
});

/** Starts the real command, kills it as soon as it has moved something, and tells what is where. */
async function killedRun(url: string): Promise<{ dead: string[]; jobs: string[] }> {
  const directory = mkdtempSync(join(tmpdir(), "opspec-requeue-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const manifest = join(directory, "manifest.json");
  const job = { name: "requeue", uses: "dead-letter-requeue", startedBy: "process" } as const;
  writeFileSync(manifest, renderManifest(scratchManifest({ jobs: [job] })));
  const child = spawn(process.execPath, [MAIN, "run", "requeue"], {
    cwd: directory,
    env: { OPSPEC_MANIFEST: manifest, REDIS_URL: url },
    stdio: "ignore",
  });
  const ended = once(child, "exit");
  await withRedis(url, async (client) => {
    await expect
      .poll(() => client.llen("jobs"), { interval: 1, timeout: 60_000 })
      .toBeGreaterThan(0);
  });
  child.kill("SIGKILL");
  await ended;
  return lists(url);
}
