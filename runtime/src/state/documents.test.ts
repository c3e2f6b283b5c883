import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, onTestFinished, test, type TestContext } from "vitest";
import type { ManifestStores } from "../contract/store.ts";
import { NO_LOG } from "../../testing/no-log.ts";
import { usePostgres } from "../../testing/servers.ts";
import { changeDocument, type Document } from "./documents.ts";
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
  return { ...state.document("notes"), isKept: state.database.isKept };
}

test.for(KINDS)(
  "%s: what is written is read, and a version is written once",
  async (kind, context) => {
    const document = await open((await PLACES[kind]?.(context)) ?? {});

    const before = await document.read();
    const writes = [await document.replace(0, "a"), await document.replace(0, "b")];
    const next = [await document.replace(1, "ü\n"), await document.replace(1, "c")];

    expect(before).toEqual({ version: 0, text: undefined });
    expect([writes, next]).toEqual([
      [true, false],
      [true, false],
    ]);
    expect(await document.read()).toEqual({ version: 2, text: "ü\n" });
    expect(document.isKept).toBe(kind !== "memory");
  },
);

test.for(KEPT)("%s: no change is lost, however many make one at once", async (kind, context) => {
  const place = (await PLACES[kind]?.(context)) ?? {};
  const documents = await Promise.all([open(place), open(place), open(place)]);

  await Promise.all(
    documents.flatMap((it) => Array.from({ length: 10 }, () => changeDocument(it, countOn))),
  );

  expect((await (await open(place)).read()).text).toBe("30");
});

test.for(["postgres"])("%s: another stack has a document of its own", async (kind, context) => {
  const place = (await PLACES[kind]?.(context)) ?? {};
  await (await open(place)).replace(0, "ours");

  expect((await (await open(place, "staging")).read()).text).toBe(undefined);
});

test.for(KEPT)(
  "%s: who read what was replaced twice since does not overwrite it",
  async (kind, context) => {
    const document = await open((await PLACES[kind]?.(context)) ?? {});
    for (const version of [0, 1, 2]) await document.replace(version, `v${version + 1}`);

    expect(await document.replace(1, "late")).toBe(false);
    expect(await document.read()).toEqual({ version: 3, text: "v3" });
  },
);

test("a place that cannot be used is an error, and can be opened later", async () => {
  const name = randomUUID();
  writeFileSync(join(directory, name), "a file where the directory should be");
  const place: Place = { stores: { records: { kind: "sqlite", path: `${name}/r.db` } } };

  await expect(open(place)).rejects.toThrow("could not open the state store: failed (EEXIST)");
  rmSync(join(directory, name));
  expect(await (await open(place)).replace(0, "now")).toBe(true);
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

function countOn(text: string | undefined) {
  return { text: String(Number(text ?? 0) + 1), result: undefined };
}
