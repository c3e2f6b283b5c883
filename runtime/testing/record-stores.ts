import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, onTestFinished, type TestContext } from "vitest";
import type { ManifestStores } from "../src/contract/store.ts";
import type { RecordStore, RunRecord, RunStart } from "../src/contract/run-record.ts";
import { NO_LOG } from "./no-log.ts";
import { usePostgres } from "./servers.ts";
import { openState } from "../src/state/state-store.ts";

/** Number of records per job that these stores keep. */
export const KEEP = 5;
const MINUTE_MS = 60_000;
const START_MS = Date.parse("2026-03-01T00:00:00.000Z");

const postgres = usePostgres();
const directory = mkdtempSync(join(tmpdir(), "opspec-records-"));
afterAll(() => rmSync(directory, { recursive: true }));

type Place = { records?: ManifestStores["records"]; url?: string; stack?: string };

/** Creates an empty store of each kind for the conformance tests. */
const PLACES: Readonly<Record<string, (context: TestContext) => Promise<Place>>> = {
  memory: async () => ({}),
  sqlite: async () => ({ records: { kind: "sqlite", path: `${randomUUID()}/runs.db` } }),
  postgres: async (context) => ({
    records: { kind: "postgres", urlEnv: "STORE_URL" },
    url: await (await postgres(context)).freshDatabase(),
  }),
};

export const KINDS = Object.keys(PLACES);
export const SHARED = KINDS.filter((kind) => kind !== "memory");

export async function openStore(kind: string, context: TestContext): Promise<RecordStore> {
  return await openAt(await placeOf(kind, context));
}

export async function placeOf(kind: string, context: TestContext): Promise<Place> {
  return (await PLACES[kind]?.(context)) ?? {};
}

export async function openAt({ records, url, stack = "shop" }: Place): Promise<RecordStore> {
  const stores = { ...(records && { records }), keepRecords: KEEP };
  const manifest = { system: "shop", stack, stores };
  const state = await openState(manifest, { env: { STORE_URL: url }, directory, log: NO_LOG });
  onTestFinished(() => state.close());
  return state.records;
}

export function startOf(minute: number, changes: Partial<RunStart> = {}): RunStart {
  return {
    job: "nightly",
    runId: idOf(minute),
    scheduledFor: isoTime(minute),
    startedAt: isoTime(minute),
    actor: "schedule",
    host: "here",
    commit: null,
    fence: 1,
    ...changes,
  };
}

export function endOf(run: RunStart, changes: Partial<RunRecord> = {}): RunRecord {
  const end = { durationMs: 12, attempt: 1, exitCode: null, error: null, details: {} };
  return { ...run, ...end, status: "ok", ...changes };
}

export function idOf(minute: number): string {
  return `00000000-0000-4000-8000-${String(minute).padStart(12, "0")}`;
}

export function isoTime(minute: number): string {
  return new Date(START_MS + minute * MINUTE_MS).toISOString();
}
