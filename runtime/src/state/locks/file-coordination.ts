import { randomUUID } from "node:crypto";

import type { Coordination, Lease, LeaseRequest, SlotLease } from "../coordination.ts";
import { StoreError } from "../stores/store-error.ts";
import { beat, beginHeartbeat, endHeartbeat, hasStopped } from "./heartbeat-file.ts";
import { keepLease } from "./keep-alive.ts";
import { ledgerKey } from "./lease-ledger.ts";
import { appendEvent, readLedger } from "./ledger-file.ts";
import { pollForLease } from "./poll.ts";

/** Somebody else may draw the same fence; each time one of us gets on. */
const TAKE_ATTEMPTS = 100;

/** Leases in a directory, for the processes of one machine. */
export function openFileCoordination(directory: string): Coordination {
  const acquire = async (request: LeaseRequest): Promise<Lease | undefined> =>
    hold(directory, { ...request, slot: undefined })?.lease;
  return {
    acquire,
    waitFor: (request, signal) => pollForLease(() => acquire(request), signal),
    claimSlot: async (request, slot) => claimSlot(directory, request, slot),
    holderOf: async (name) => {
      const entry = attempt(directory, "read a lease", () => readLedger(directory).holderOf(name));
      if (!entry || hasStopped(directory, entry.token)) return undefined;
      return { holder: entry.holder, sinceMs: entry.sinceMs };
    },
    close: async () => {},
  };
}

function claimSlot(directory: string, request: LeaseRequest, slot: Date): SlotLease | undefined {
  const slotMs = slot.getTime();
  const held = hold(directory, { ...request, slot: slotMs });
  if (!held) return undefined;
  const { lease, end } = held;
  return {
    ...lease,
    finish: async () => {
      if (lease.lost.aborted) return false;
      end("finish");
      const ledger = attempt(directory, "finish a slot", () => readLedger(directory));
      return ledger.finishedUnder(request.name, slotMs) === lease.fence;
    },
  };
}

interface Taken {
  readonly key: string;
  readonly token: string;
  readonly fence: number;
}

interface SlotRequest extends LeaseRequest {
  readonly slot: number | undefined;
}

function take(directory: string, request: SlotRequest): Taken | undefined {
  return attempt(directory, "take a lease", () => {
    for (let count = 1; count <= TAKE_ATTEMPTS; count++) {
      const taken = takeOnce(directory, request);
      if (taken !== "again") return taken;
    }
    throw new Error("too many at once");
  });
}

function takeOnce(
  directory: string,
  { name, slot, holder, ttlMs }: SlotRequest,
): Taken | undefined | "again" {
  const before = readLedger(directory);
  const key = ledgerKey(name, slot);
  if (slot !== undefined && !before.isOpen(name, slot)) return undefined;
  const over = before.holderOf(key)?.token;
  if (over !== undefined && !hasStopped(directory, over)) return undefined;
  const token = randomUUID();
  const fence = before.fence + 1;
  beginHeartbeat(directory, token, ttlMs);
  const sinceMs = Date.now();
  appendEvent(directory, { do: "take", name, slot, token, fence, holder, sinceMs, over });
  const after = readLedger(directory);
  if (after.holderOf(key)?.token === token) {
    if (over !== undefined) endHeartbeat(directory, over);
    return { key, token, fence };
  }
  endHeartbeat(directory, token);
  // Beaten by somebody who took something else.
  return after.holderOf(key)?.token === over ? "again" : undefined;
}

interface Held {
  readonly lease: Lease;
  readonly end: (how: "release" | "finish") => void;
}

function hold(directory: string, request: SlotRequest): Held | undefined {
  const sentAtMs = performance.now();
  const taken = take(directory, request);
  if (!taken) return undefined;
  const { key, token, fence } = taken;
  const isOurs = () => readLedger(directory).holderOf(key)?.token === token;
  const kept = keepLease({
    ttlMs: request.ttlMs,
    sentAtMs,
    renew: async () => isOurs() && beat(directory, token),
  });
  const end = (how: "release" | "finish") => {
    kept.stop();
    if (kept.lost.aborted) return;
    attempt(directory, `${how} a lease`, () => {
      // Once more when the line came too late for its segment.
      for (let count = 1; count <= TAKE_ATTEMPTS && isOurs(); count++) {
        appendEvent(directory, { do: how, key, token });
      }
      endHeartbeat(directory, token);
    });
  };
  return { lease: { fence, lost: kept.lost, release: async () => end("release") }, end };
}

function attempt<T>(where: string, verb: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw new StoreError({ where, verb }, error);
  }
}
