import { randomUUID } from "node:crypto";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext, vi } from "vitest";

import type { LeaseRequest } from "./leases.ts";
import {
  behindProxy,
  type CoordinationPlace,
  openAt,
  useCoordinationPlaces,
} from "../../testing/coordination-place.ts";
import {
  type LeaseProcess,
  type LeaseTask,
  startLeaseProcess,
} from "../../testing/lease-process.ts";

const KINDS = ["sqlite", "postgres", "redis"] as const;
const NETWORKED = ["postgres", "redis"] as const;

/** Long enough that a busy machine renews in time. */
const TTL_MS = 5_000;
const SLOT = "2026-03-01T00:00:00.000Z";

/** Each takes seconds on an idle machine, and many processes share it here. */
const LIMIT = { timeout: 150_000 };
vi.setConfig({ testTimeout: 300_000 });

const newPlace = useCoordinationPlaces();

test.concurrent.for(KINDS)(
  "%s: a holder that is killed loses the job within its time",
  async (kind, context) => {
    const place = await newPlace(kind, context);
    const holder = start(context, { kind: "hold", place, request: request() });
    const first = await holder.next("held");

    const coordination = await openAt(place, context);
    const waiting = coordination.waitFor(request(), context.signal);

    await holder.kill();
    const killedMs = now();
    const second = await waiting;

    context.expect(second.fence).toBeGreaterThan(first.fence ?? Number.POSITIVE_INFINITY);
    // The time counts from the last renewal before the end; being told of it comes on top.
    context.expect(now() - killedMs).toBeLessThan(TTL_MS + 15_000);
    await second.release();
  },
);

test.concurrent.for(["sqlite", "postgres"] as const)(
  "%s: the lease of a killed holder is free at once",
  async (kind, context) => {
    const place = await newPlace(kind, context);
    const ttlMs = 10 * 60_000;
    const holder = start(context, { kind: "hold", place, request: request({ ttlMs }) });
    await holder.next("held");
    const coordination = await openAt(place, context);
    const waiting = coordination.waitFor(request({ ttlMs }), AbortSignal.timeout(60_000));

    await holder.kill();

    const lease = await waiting;
    context.expect(lease.lost.aborted).toBe(false);
    await lease.release();
  },
);

test.concurrent.for(KINDS)(
  "%s: a holder that is stopped loses the job within its time, and its late write is rejected",
  async (kind, context) => {
    const place = await newPlace(kind, context);
    const task: LeaseTask = { kind: "hold", place, request: request(), slot: SLOT };
    const holder = start(context, task);
    const first = await holder.next("held");

    holder.child.kill("SIGSTOP");
    const successor = start(context, task);
    const second = await successor.next("held");
    holder.child.kill("SIGCONT");
    holder.finish();
    const late = await holder.next("finished");
    successor.finish();
    const own = await successor.next("finished");

    context.expect(second.fence).toBeGreaterThan(first.fence ?? Number.POSITIVE_INFINITY);
    context.expect(late).toMatchObject({ finished: false, stored: false });
    context.expect(own).toMatchObject({ finished: true, stored: true, lost: false });
  },
);

test.concurrent.for(KINDS)(
  "%s: a lease whose holder is stopped goes to who waits, and the holder knows when it wakes",
  async (kind, context) => {
    const place = await newPlace(kind, context);
    const holder = start(context, { kind: "hold", place, request: request() });
    const first = await holder.next("held");

    holder.child.kill("SIGSTOP");
    const successor = start(context, { kind: "hold", place, request: request() });
    const second = await successor.next("held");
    holder.child.kill("SIGCONT");
    await holder.next("lost");
    holder.finish();
    const late = await holder.next("finished");

    context.expect(second.fence).toBeGreaterThan(first.fence ?? Number.POSITIVE_INFINITY);
    context.expect(late).toMatchObject({ stored: false, lost: true });
    context.expect(successor.has("lost")).toBe(false);
  },
);

test.concurrent.for(NETWORKED)(
  "%s: a holder in a black hole stops before anybody else can have the lease, within its time",
  async (kind, context) => {
    const place = await newPlace(kind, context);
    const { place: far, proxy } = await behindProxy(place, context);
    const holder = start(context, { kind: "hold", place: far, request: request() });
    await holder.next("held");
    const successor = start(context, { kind: "hold", place, request: request() });

    proxy.blackhole();
    const cutMs = now();
    const lost = await holder.next("lost");
    const second = await successor.next("held");

    context.expect(lost.atMs - cutMs).toBeLessThan(TTL_MS);
    context.expect(lost.atMs).toBeLessThan(second.atMs);
  },
);

test.concurrent.for(NETWORKED)(
  "%s: a holder of a slot that is cut off loses it, and its late write is rejected",
  async (kind, context) => {
    const place = await newPlace(kind, context);
    const { place: far, proxy } = await behindProxy(place, context);
    const task = { kind: "hold", request: request(), slot: SLOT } as const;
    const holder = start(context, { ...task, place: far });
    await holder.next("held");

    proxy.cut();
    const successor = start(context, { ...task, place });
    const lost = await holder.next("lost");
    const second = await successor.next("held");
    proxy.restore();
    holder.finish();
    const late = await holder.next("finished");

    context.expect(lost.atMs).toBeLessThan(second.atMs);
    context.expect(late).toMatchObject({ finished: false, stored: false, lost: true });
  },
);

test.concurrent.for(KINDS)(
  "%s: many schedulers at once run each slot exactly once, though two of them are killed",
  async (kind, context) => {
    const place = await newPlace(kind, context);
    const journal = journalIn(place);
    const slots = Array.from({ length: 25 }, (_, at) =>
      new Date(Date.parse(SLOT) + at * 60_000).toISOString(),
    );
    const schedulers = Array.from({ length: 5 }, () =>
      start(context, { kind: "slots", place, request: request(), slots, journal, workMs: 40 }),
    );
    await Promise.all(schedulers.map((it) => it.next("started")));

    const [first, second] = schedulers;
    const killed = [first, second].map((it) => String(it?.child.pid));
    await context.expect.poll(() => slotsIn(journal, "done").length, LIMIT).toBeGreaterThan(3);
    await first?.kill();
    await context.expect.poll(() => slotsIn(journal, "done").length, LIMIT).toBeGreaterThan(8);
    await second?.kill();
    await context.expect.poll(() => unfinished(), LIMIT).toEqual([]);
    await Promise.all(schedulers.map((it) => it.kill()));

    const done = slotsIn(journal, "done");
    context.expect(done).toHaveLength(new Set(done).size);
    const begun = linesOf(journal).filter(([what]) => what === "begin");
    const byOthers = begun.filter(([, , pid = ""]) => !killed.includes(pid));
    // Of those that were not killed, no two began the same slot.
    context.expect(byOthers).toHaveLength(new Set(byOthers.map(([, slot]) => slot)).size);
    // Each of the two that were killed left at most one slot to another one.
    context.expect(begun.length - slots.length).toBeLessThanOrEqual(2);

    /** A killed one may have finished a slot and not have told it. */
    function unfinished(): string[] {
      const worked = linesOf(journal).filter(
        ([what, , pid = ""]) => what === "work" && killed.includes(pid),
      );
      const known = new Set([...slotsIn(journal, "done"), ...worked.map(([, slot]) => slot)]);
      return slots.filter((slot) => !known.has(slot));
    }
  },
);

test.concurrent.for(KINDS)(
  "%s: those who want one lease have it one after the other, under growing fences",
  async (kind, context) => {
    const place = await newPlace(kind, context);
    const journal = journalIn(place);
    const turns = 4;
    const workers = Array.from({ length: 5 }, () =>
      start(context, { kind: "turns", place, request: request(), turns, journal, workMs: 5 }),
    );

    await context.expect
      .poll(() => linesOf(journal).length, LIMIT)
      .toBe(workers.length * turns * 2);

    const lines = linesOf(journal);
    const fences = lines.filter(([what]) => what === "in").map(([, fence]) => Number(fence));
    context.expect(fences).toEqual(fences.toSorted((a, b) => a - b));
    for (let at = 0; at < lines.length; at += 2) {
      const [entered, left] = [lines[at], lines[at + 1]];
      context.expect([entered?.[0], left?.[0], left?.[1]]).toEqual(["in", "out", entered?.[1]]);
    }
  },
);

function start(context: TestContext, task: LeaseTask): LeaseProcess {
  const started = startLeaseProcess(task);
  context.onTestFinished(() => started.kill());
  return started;
}

function journalIn({ directory }: CoordinationPlace): string {
  mkdirSync(directory, { recursive: true });
  return join(directory, `journal-${randomUUID()}`);
}

function linesOf(journal: string): string[][] {
  try {
    return readFileSync(journal, "utf8")
      .trim()
      .split("\n")
      .map((line) => line.split(" "));
  } catch {
    return [];
  }
}

function slotsIn(journal: string, kind: "done" | "work"): string[] {
  return linesOf(journal).flatMap(([what, slot = ""]) => (what === kind ? [slot] : []));
}

function request(changes: Partial<LeaseRequest> = {}): LeaseRequest {
  return { name: "nightly", holder: "a test", ttlMs: TTL_MS, ...changes };
}

function now(): number {
  return performance.timeOrigin + performance.now();
}
