import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { RuntimeManifest } from "../contract/manifest.ts";
import { NO_LOG } from "../../testing/no-log.ts";
import { usePostgres } from "../../testing/servers.ts";
import type { Env } from "../contract/env.ts";
import { type JobMemory, openDocument } from "./documents.ts";
import { openState, type StateStore } from "./state-store.ts";

const postgres = usePostgres();

const KINDS = ["sqlite", "postgres"] as const;

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

test.for(["postgres"] as const)("two stacks in one %s see their own", async (kind, context) => {
  const place = await placeOf(kind, context);
  await (await place.open("shop")).write("flush", 1);

  expect(await (await place.open("shop-staging")).read("flush")).toBeUndefined();
});

test.for(KINDS)("%s: jobs that end at once lose nothing of each other", async (kind, context) => {
  const place = await placeOf(kind, context);
  const names = Array.from({ length: 10 }, (_, index) => `job-${index}`);
  const memories = await Promise.all(names.map(() => place.open()));

  await Promise.all(memories.map((memory, index) => memory.write(names[index] ?? "", index)));

  const reader = await place.open();
  expect(await Promise.all(names.map((name) => reader.read(name)))).toEqual([...names.keys()]);
});

test("what is not ours is given as text and written over", async (context) => {
  const place = await placeOf("sqlite", context);
  const state = await openAt(manifest("sqlite"), {}, place.directory);
  const memory = await place.open();
  const document = openDocument(state.database, { stack: "shop/shop", name: "job-memory" });
  await document.change(() => '{"half":');
  expect(await memory.read("flush")).toBe('{"half":');

  await memory.write("flush", 1);
  expect(await memory.read("flush")).toBe(1);
});

test("a store that is away is told without its URL", async () => {
  const env = { STORE_URL: "postgres://:hunter2@127.0.0.1:1/none" };
  const { jobMemory } = await openAt(manifest("postgres"), env, ".");

  await expect(jobMemory?.read("flush")).rejects.toThrow(
    "STORE_URL: could not look for opspec.opspec_documents: connection refused.",
  );
});

test("without a store there are no memory and no leases", async () => {
  const { jobMemory, leases } = await openAt({ system: "shop", stack: "shop" }, {}, ".");
  expect([jobMemory, leases]).toEqual([undefined, undefined]);
});

async function openAt(
  stack: Parameters<typeof openState>[0],
  env: Env,
  directory: string,
): Promise<StateStore> {
  const state = await openState(stack, { env, directory, log: NO_LOG });
  onTestFinished(() => state.close());
  return state;
}

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
    const { jobMemory } = await openAt(manifest(kind, stack), { STORE_URL: url }, directory);
    if (!jobMemory) throw new Error("unreachable: every kind has a memory");
    return jobMemory;
  };
  return { directory, open };
}

async function urlOf(
  kind: (typeof KINDS)[number],
  context: Parameters<typeof postgres>[0],
): Promise<string> {
  return kind === "postgres" ? (await postgres(context)).freshDatabase() : "";
}

function manifest(
  kind: (typeof KINDS)[number],
  stack = "shop",
): Pick<RuntimeManifest, "system" | "stack" | "stores"> {
  const records = kind === "postgres" ? { kind, urlEnv: "STORE_URL" } : { kind, path: "state.db" };
  return { system: "shop", stack, stores: { records } };
}
