import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, onTestFinished, test, type TestContext } from "vitest";
import type { ManifestStores } from "../contract/store.ts";
import { MEMORY, openSqlite } from "../databases/sqlite-database.ts";
import { NO_LOG } from "../../testing/no-log.ts";
import { usePostgres } from "../../testing/servers.ts";
import { type Document, openDocument } from "./documents.ts";
import { openState } from "./state-store.ts";

const postgres = usePostgres();
const directory = mkdtempSync(join(tmpdir(), "opspec-documents-"));
afterAll(() => rmSync(directory, { recursive: true }));

type Place = { stores?: ManifestStores; url?: string };

const PLACES: Readonly<Record<string, (context: TestContext) => Promise<Place>>> = {
  memory: async () => ({}),
  coordination: async () => ({
    stores: { coordination: { kind: "sqlite", path: `${randomUUID()}/c.db` } },
  }),
  sqlite: async () => ({ stores: { records: { kind: "sqlite", path: `${randomUUID()}/r.db` } } }),
  postgres: async (context) => ({
    stores: { records: { kind: "postgres", urlEnv: "STORE_URL" } },
    url: await (await postgres(context)).freshDatabase(),
  }),
};

const KINDS = Object.keys(PLACES);
const KEPT = KINDS.filter((it) => it !== "memory");

async function open(
  { stores, url }: Place,
  stack = "shop",
): Promise<Document & { isKept: boolean }> {
  const manifest = { system: "shop", stack, ...(stores ? { stores } : {}) };
  const state = await openState(manifest, { env: { STORE_URL: url }, directory, log: NO_LOG });
  onTestFinished(() => state.close());
  const { database } = state;
  return { ...openDocument(database, { stack, name: "notes" }), isKept: database.isKept };
}

test.for(KINDS)("%s: what is written is read, and a change sees it", async (kind, context) => {
  const document = await open((await PLACES[kind]?.(context)) ?? {});

  const before = await document.read();
  await document.change((text) => `${text}`);
  await document.change((text) => `${text} ü\n`);

  expect(before).toBeUndefined();
  expect(await document.read()).toBe("undefined ü\n");
  expect(document.isKept).toBe(kind !== "memory");
});

test.for(KEPT)("%s: no change is lost, however many make one at once", async (kind, context) => {
  const place = (await PLACES[kind]?.(context)) ?? {};
  const documents = await Promise.all([open(place), open(place), open(place)]);

  await Promise.all(
    documents.flatMap((it) => Array.from({ length: 10 }, () => it.change(countOn))),
  );

  expect(await (await open(place)).read()).toBe("30");
});

test.for(["postgres"])("%s: another stack has a document of its own", async (kind, context) => {
  const place = (await PLACES[kind]?.(context)) ?? {};
  await (await open(place)).change(() => "ours");

  expect(await (await open(place, "staging")).read()).toBe(undefined);
});

test("a change counts the version, which older versions compare before they write", async () => {
  const database = openSqlite(MEMORY);
  const document = openDocument(database, { stack: "shop", name: "notes" });

  for (const text of ["v1", "v2", "v3"]) await document.change(() => text);

  const read = "SELECT version, text FROM opspec.opspec_documents";
  expect(await database.query("read", read)).toEqual([{ version: 3, text: "v3" }]);
});

test("a place that cannot be used is an error, and can be opened later", async () => {
  const name = randomUUID();
  writeFileSync(join(directory, name), "a file where the directory should be");
  const place: Place = { stores: { records: { kind: "sqlite", path: `${name}/r.db` } } };

  await expect(open(place)).rejects.toThrow("could not open the state store: failed (EEXIST)");
  rmSync(join(directory, name));
  await (await open(place)).change(() => "now");
});

test.for(["postgres"])("%s: a store that is away is told without its URL", async (kind) => {
  const stores = {
    records: { kind: "postgres", urlEnv: "STORE_URL" },
  } as const;
  const document = await open({ stores, url: `${kind}://user:canary@127.0.0.1:1/1` });

  const problem: unknown = await document.read().catch((error) => error);

  expect(problem).toMatchObject({ name: "StoreError" });
  expect(String(problem)).not.toContain("canary");
});

function countOn(text: string | undefined): string {
  return String(Number(text ?? 0) + 1);
}
