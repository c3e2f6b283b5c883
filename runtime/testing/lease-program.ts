// A process that holds leases; tests and benches kill, stop and disconnect it.
// Usage: node lease-program.ts <task as JSON>. It prints events as JSON lines.
import { randomUUID } from "node:crypto";
import { appendFileSync } from "node:fs";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";

import type { Lease, LeaseRequest, LeaseStore, SlotLease } from "../src/state/leases.ts";
import type { RunStart } from "../src/contract/run-record.ts";
import { openState } from "../src/state/state-store.ts";
import { NO_LOG } from "./no-log.ts";
import type { LeaseTask } from "./lease-process.ts";

/** Poll interval of a process that takes every slot. */
const LOOK_MS = 50;

const task = JSON.parse(process.argv[2] ?? "") as LeaseTask;
const { stores, url, directory } = task.place;
const env = { STORE_URL: url };
const state = await openState(
  { system: "shop", stack: "shop", stores },
  { env, directory, log: NO_LOG },
);
const { leases } = state;
if (!leases) throw new Error("unreachable: every place has leases");
if (task.kind === "hold") await hold(leases, task);
else if (task.kind === "slots") await runSlots(leases, task);
else await takeTurns(leases, task);

/** Acquires a lease or a slot, starts a run, and ends it on request. */
async function hold(
  from: LeaseStore,
  { request, slot }: Extract<LeaseTask, { kind: "hold" }>,
): Promise<void> {
  const at = new Date(slot ?? 0);
  tell({ event: "started" });
  const claimed = slot === undefined ? undefined : await untilClaimed(from, request, at);
  const lease = claimed ?? (await from.waitFor(request, new AbortController().signal));
  const heldMs = nowMs();
  const { records } = state;
  const run = startOf(request, lease, at);
  await records.begin(run);
  tell({ event: "held", fence: lease.fence, atMs: heldMs });
  lease.lost.addEventListener("abort", () => tell({ event: "lost" }));
  await once(process.stdin, "data");
  const finished = await claimed?.finish();
  const end = { durationMs: 0, attempt: 1, exitCode: 0, error: null, details: {} };
  const stored = await records.finish({ ...run, ...end, status: "ok" });
  tell({ event: "finished", finished, stored, lost: lease.lost.aborted });
  process.exit();
}

/** Runs every slot that it acquires, without end. */
async function runSlots(
  from: LeaseStore,
  { request, slots, journal, workMs }: Extract<LeaseTask, { kind: "slots" }>,
): Promise<never> {
  tell({ event: "started" });
  for (;;) {
    for (const slot of slots) {
      const lease = await from.claimSlot(request, new Date(slot));
      if (!lease) continue;
      appendFileSync(journal, `begin ${slot} ${process.pid}\n`);
      await sleep(workMs);
      appendFileSync(journal, `work ${slot} ${process.pid}\n`);
      if (await lease.finish()) appendFileSync(journal, `done ${slot} ${process.pid}\n`);
    }
    await sleep(LOOK_MS);
  }
}

/** Acquires and releases the lease this many times. */
async function takeTurns(
  from: LeaseStore,
  { request, turns, journal, workMs }: Extract<LeaseTask, { kind: "turns" }>,
): Promise<void> {
  tell({ event: "started" });
  for (let turn = 0; turn < turns; turn++) {
    const lease = await from.waitFor(request, new AbortController().signal);
    appendFileSync(journal, `in ${lease.fence} ${process.pid} ${nowMs()}\n`);
    await sleep(workMs);
    appendFileSync(journal, `out ${lease.fence} ${process.pid} ${nowMs()}\n`);
    await lease.release();
  }
  await state.close();
}

async function untilClaimed(
  from: LeaseStore,
  request: LeaseRequest,
  slot: Date,
): Promise<SlotLease> {
  for (;;) {
    const lease = await from.claimSlot(request, slot);
    if (lease) return lease;
    await sleep(LOOK_MS);
  }
}

function startOf({ name, holder }: LeaseRequest, { fence }: Lease, slot: Date): RunStart {
  const scheduledFor = slot.toISOString();
  const who = { job: name, runId: randomUUID(), actor: "schedule", host: holder, commit: null };
  return { ...who, scheduledFor, startedAt: new Date().toISOString(), fence };
}

function tell(event: Record<string, unknown>): void {
  process.stdout.write(`${JSON.stringify({ atMs: nowMs(), ...event })}\n`);
}

/** Comparable between processes of one machine, finer than a millisecond. */
function nowMs(): number {
  return performance.timeOrigin + performance.now();
}
