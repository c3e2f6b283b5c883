import { connect, createServer, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { NO_LOG } from "../../testing/no-log.ts";
import { query } from "../../testing/postgres.ts";
import { usePostgres } from "../../testing/servers.ts";
import type { RunRecord } from "../contract/run-record.ts";
import type { LeaseStore } from "./leases.ts";
import { openState, type StateStore } from "./state-store.ts";

const postgres = usePostgres();

const NIGHTLY = { name: "shop/shop/nightly", holder: "me", ttlMs: 1_500 };
const SLOT = new Date("2026-03-01T00:00:00Z");

/** A run sends no more packets: slot, lease, record, and their ends, each with its connections. */
const PACKETS_MAX = 14;

test.for(["request", "answer"] as const)(
  "a connection that is cut at any %s leaves no slot undone, and every finished record is stored once",
  { timeout: 300_000 },
  async (when, context) => {
    const url = await (await postgres(context)).freshDatabase();
    const { through, cutAt, heal } = await startCutter(url);
    const other = await stateAt(url);
    await other.records.finish(recordOf("first", SLOT));

    for (let packet = 1; packet <= PACKETS_MAX; packet += 1) {
      const slot = new Date(SLOT.getTime() + packet * 60_000);
      const record = recordOf(`run-${packet}`, slot);
      const state = await stateAt(through);
      cutAt(packet, when);
      const isStored = await runOnce(state, slot, record);
      heal();
      await state.close();

      // What the cut process left is finished by another one, at the latest after the TTL.
      const isDone = await untilDone(other, slot);
      const count = "SELECT count(*)::int AS n FROM opspec.opspec_runs WHERE run_id = $1";
      const [row] = await query(url, count, [record.runId]);

      expect({ packet, isDone }).toEqual({ packet, isDone: true });
      if (isStored) expect({ packet, ...row }).toEqual({ packet, n: 1 });
    }
  },
);

test("a crash of Postgres loses no lease, and both processes go on when it is back", async (context) => {
  const url = await (await postgres(context)).freshDatabase();
  const [state, other] = [await stateAt(url), await stateAt(url)];
  const request = { ...NIGHTLY, ttlMs: 10_000 };
  const lease = await state.leases?.acquire(request);
  const slot = await state.leases?.claimSlot(request, SLOT);

  const [backend] = await state.database.query("ask", "SELECT pg_backend_pid() AS pid");
  // The server of tests does not sync its commits.
  await query(url, "CHECKPOINT");
  // The server ends all of its connections and recovers from its log.
  process.kill(Number(backend?.["pid"]), "SIGKILL");
  await expect
    .poll(() => other.records.list({ limit: 1 }).catch(() => "away"), { timeout: 30_000 })
    .toEqual([]);
  await sleep(request.ttlMs);

  expect([lease?.lost.aborted, slot?.lost.aborted]).toEqual([false, false]);
  expect(await other.leases?.acquire(request)).toBeUndefined();
  expect(await state.records.finish(recordOf("run", SLOT))).toBe(true);
  expect(await slot?.finish()).toBe(true);
  await lease?.release();
  expect(await other.leases?.acquire(request)).toBeDefined();
  expect(await other.leases?.claimSlot(request, SLOT)).toBeUndefined();
});

/** One run, as far as the connection lets it; whether its end was stored. */
async function runOnce(state: StateStore, slot: Date, record: RunRecord): Promise<boolean> {
  const leases: LeaseStore | undefined = state.leases;
  const claimed = await leases?.claimSlot(NIGHTLY, slot).catch(() => undefined);
  const lease = await leases?.acquire(NIGHTLY).catch(() => undefined);
  try {
    if (!claimed || !lease) return false;
    await state.records.begin(record);
    const isStored = await state.records.finish(record);
    await claimed.finish();
    return isStored;
  } catch {
    return false;
  } finally {
    await lease?.release().catch(() => {});
    await claimed?.release().catch(() => {});
  }
}

async function untilDone({ leases, database }: StateStore, slot: Date): Promise<boolean> {
  const endMs = performance.now() + NIGHTLY.ttlMs * 4;
  const read = "SELECT 1 FROM opspec.opspec_slots WHERE slot = $1 AND finished_at IS NOT NULL";
  while (performance.now() < endMs) {
    const claimed = await leases?.claimSlot(NIGHTLY, slot);
    if (claimed) return await claimed.finish();
    const [row] = await database.query("read a slot", read, [slot.toISOString()]);
    if (row) return true;
    await sleep(100);
  }
  return false;
}

/** A network that drops all connections at the n-th packet to the server, or at its answer. */
async function startCutter(url: string) {
  const sockets = new Set<Socket>();
  let [packetsLeft, isCut] = [Number.POSITIVE_INFINITY, false];
  let cutting: "request" | "answer" = "request";
  const keep = (socket: Socket): Socket => {
    sockets.add(socket);
    return socket.on("error", () => socket.destroy()).on("close", () => sockets.delete(socket));
  };
  const cut = (): void => {
    isCut = true;
    for (const socket of sockets) socket.destroy();
  };
  const server = createServer((client) => {
    keep(client);
    if (isCut) return void client.destroy();
    const target = keep(connect(Number(new URL(url).port), "127.0.0.1"));
    client.on("close", () => target.destroy());
    target.on("close", () => client.destroy());
    client.on("data", (data) => {
      packetsLeft -= 1;
      if (packetsLeft <= 0 && cutting === "request") cut();
      else target.write(data);
    });
    target.on("data", (data) => {
      if (packetsLeft <= 0) cut();
      else client.write(data);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    cut();
    server.close();
  });
  const through = new URL(url);
  const address = server.address();
  if (typeof address === "object" && address) through.port = String(address.port);
  return {
    through: through.href,
    cutAt: (packet: number, when: "request" | "answer") => {
      [packetsLeft, cutting] = [packet, when];
    },
    heal: () => {
      [packetsLeft, isCut] = [Number.POSITIVE_INFINITY, false];
    },
  };
}

async function stateAt(url: string): Promise<StateStore> {
  const store = { kind: "postgres", urlEnv: "STORE_URL" } as const;
  const manifest = {
    system: "shop",
    stack: "shop",
    stores: { records: store, coordination: store },
  };
  const state = await openState(manifest, {
    env: { STORE_URL: url },
    directory: "/nonexistent",
    log: NO_LOG,
  });
  onTestFinished(() => state.close());
  return state;
}

function recordOf(runId: string, slot: Date): RunRecord {
  const time = slot.toISOString();
  return {
    job: "nightly",
    runId,
    scheduledFor: time,
    startedAt: time,
    actor: "schedule",
    host: "h",
    commit: null,
    fence: 1,
    status: "ok",
    durationMs: 1,
    attempt: 1,
    exitCode: 0,
    error: null,
    details: {},
  };
}
