import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { RuntimeManifest } from "../../contract/manifest.ts";
import { usePostgres, useRedis } from "../../../testing/servers.ts";
import { openDocument } from "./document.ts";
import { type JobMemory, openJobMemory } from "./job-memory.ts";

const postgres = usePostgres();
const redis = useRedis();

const KINDS = ["file", "sqlite", "postgres", "redis"] as const;

test.for(KINDS)(
  "what a job remembers in %s is there for a fresh container",
  async (kind, context) => {
    const place = await placeOf(kind, context);
    const first = await place.open();
    expect(await first.read("flush")).toBeUndefined();

    await first.write("flush", { a: 1 });
    await first.write("flush", { accepted: { email: "x" } });
    await first.write("other", [1]);

    const second = await place.open();
    expect(await second.read("flush")).toEqual({ accepted: { email: "x" } });
    expect(await second.read("other")).toEqual([1]);
  },
);

test.for(["postgres", "redis"] as const)(
  "two stacks in one %s see their own",
  async (kind, context) => {
    const place = await placeOf(kind, context);
    await (await place.open("shop")).write("flush", 1);

    expect(await (await place.open("shop-staging")).read("flush")).toBeUndefined();
  },
);

test.for(KINDS)("%s: jobs that end at once lose nothing of each other", async (kind, context) => {
  const place = await placeOf(kind, context);
  const names = Array.from({ length: 10 }, (_, index) => `job-${index}`);
  const memories = await Promise.all(names.map(() => place.open()));

  await Promise.all(memories.map((memory, index) => memory.write(names[index] ?? "", index)));

  const reader = await place.open();
  expect(await Promise.all(names.map((name) => reader.read(name)))).toEqual([...names.keys()]);
});

test("what is not ours is given as text and written over", async (context) => {
  const place = await placeOf("file", context);
  const stranger = await openDocument(manifest("file"), { env: {}, ...place }, "job-memory");
  context.onTestFinished(() => stranger.close());
  const memory = await place.open();
  await stranger.replace(0, '{"half":');
  expect(await memory.read("flush")).toBe('{"half":');

  await memory.write("flush", 1);
  expect(await memory.read("flush")).toBe(1);
});

test("a store that is away is told without its URL", async (context) => {
  const env = { STORE_URL: "redis://:hunter2@127.0.0.1:1/0" };
  const gone = await openJobMemory(manifest("redis"), env, ".");
  context.onTestFinished(() => gone?.close());

  await expect(gone?.read("flush")).rejects.toThrow(
    "STORE_URL: could not read shop/shop/job-memory: connection refused.",
  );
});

test("without a store there is no memory", async () => {
  expect(await openJobMemory({ system: "shop", stack: "shop" }, {}, ".")).toBeUndefined();
});

interface MemoryPlace {
  readonly directory: string;
  open(stack?: string): Promise<JobMemory>;
}

async function placeOf(
  kind: (typeof KINDS)[number],
  context: Parameters<typeof postgres>[0],
): Promise<MemoryPlace> {
  const directory = mkdtempSync(join(tmpdir(), "memory-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const url = await urlOf(kind, context);
  const open = async (stack?: string) => {
    const memory = await openJobMemory(manifest(kind, stack), { STORE_URL: url }, directory);
    if (!memory) throw new Error("unreachable: every kind has a memory");
    context.onTestFinished(() => memory.close());
    return memory;
  };
  return { directory, open };
}

async function urlOf(
  kind: (typeof KINDS)[number],
  context: Parameters<typeof postgres>[0],
): Promise<string> {
  if (kind === "postgres") return (await postgres(context)).freshDatabase();
  return kind === "redis" ? (await redis(context)).freshDatabase() : "";
}

function manifest(
  kind: (typeof KINDS)[number],
  stack = "shop",
): Pick<RuntimeManifest, "system" | "stack" | "stores"> {
  const records =
    kind === "postgres" || kind === "redis"
      ? { kind, urlEnv: "STORE_URL" }
      : { kind, path: "runs.jsonl" };
  return { system: "shop", stack, stores: { records } };
}
