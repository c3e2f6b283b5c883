import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { openSqlite } from "../databases/sqlite-database.ts";
import { test, vi } from "vitest";

import type { LeaseRequest } from "./leases.ts";
import { openAt, useCoordinationPlaces } from "../../testing/coordination-place.ts";
import { startLeaseProcess } from "../../testing/lease-process.ts";
import { usePgbouncer, usePostgres } from "../../testing/servers.ts";

const KINDS = ["sqlite", "postgres", "redis"] as const;
const SLOT = new Date("2026-03-01T00:00:00.000Z");
const LATER_SLOT = new Date("2026-03-01T00:01:00.000Z");

const newPlace = useCoordinationPlaces();
const postgres = usePostgres();
const pgbouncer = usePgbouncer(postgres, "transaction");

test.concurrent.for(KINDS)(
  "%s: a lease has one holder until it is given back, and fences grow",
  async (kind, context) => {
    const place = await newPlace(kind, context);
    const [one, other] = [await openAt(place, context), await openAt(place, context)];

    const first = await one.acquire(request({ holder: "first" }));
    const refused = await other.acquire(request({ holder: "other" }));
    const again = await one.acquire(request({ holder: "first again" }));
    const holder = await other.holderOf("nightly");
    await first?.release();
    const second = await other.acquire(request({ holder: "other" }));

    context.expect([refused, again]).toEqual([undefined, undefined]);
    context.expect(holder?.holder).toBe("first");
    context.expect(Math.abs(Date.now() - (holder?.sinceMs ?? 0))).toBeLessThan(60_000);
    context.expect(second?.fence).toBeGreaterThan(first?.fence ?? Number.POSITIVE_INFINITY);
    context.expect(first?.lost.aborted).toBe(false);
    await second?.release();
    context.expect(await one.holderOf("nightly")).toBeUndefined();
  },
);

test.concurrent.for(KINDS)(
  "%s: giving back twice, or late, frees nobody else's lease",
  async (kind, context) => {
    const place = await newPlace(kind, context);
    const coordination = await openAt(place, context);

    const first = await coordination.acquire(request());
    await first?.release();
    const second = await coordination.acquire(request());
    await first?.release();

    context.expect(await coordination.acquire(request())).toBeUndefined();
    await second?.release();
  },
);

test.concurrent.for(KINDS)("%s: leases of different jobs do not meet", async (kind, context) => {
  const coordination = await openAt(await newPlace(kind, context), context);

  const leases = await Promise.all(
    ["a", "b", "c", "d"].map((name) => coordination.acquire(request({ name }))),
  );

  context.expect(leases.every((it) => it !== undefined)).toBe(true);
  context.expect(new Set(leases.map((it) => it?.fence)).size).toBe(4);
  await Promise.all(leases.map((it) => it?.release()));
});

test.concurrent.for(KINDS)(
  "%s: a holder that lives keeps its lease for many times its length",
  async (kind, context) => {
    const place = await newPlace(kind, context);
    const [one, other] = [await openAt(place, context), await openAt(place, context)];
    // Two thirds of it, after which a renewal is late, outlast the pauses of a busy machine.
    const ttlMs = 6_000;

    const lease = await one.acquire(request({ ttlMs }));
    await sleep(ttlMs * 2.5);

    context.expect(lease?.lost.aborted).toBe(false);
    context.expect(await other.acquire(request({ ttlMs }))).toBeUndefined();
    await lease?.release();
  },
);

test.concurrent.for(KINDS)(
  "%s: who waits gets the lease when it is given back, and an abort ends the wait",
  async (kind, context) => {
    const place = await newPlace(kind, context);
    const [one, other] = [await openAt(place, context), await openAt(place, context)];
    const first = await one.acquire(request());
    const stop = new AbortController();

    const given = other.waitFor(request({ holder: "patient" }), AbortSignal.timeout(60_000));
    const aborted = other.waitFor(request(), stop.signal).catch((error: unknown) => error);
    stop.abort(new Error("enough"));
    const reason = await aborted;
    await first?.release();
    const second = await given;

    context.expect(reason).toEqual(new Error("enough"));
    context.expect(second.fence).toBeGreaterThan(first?.fence ?? Number.POSITIVE_INFINITY);
    await second.release();
  },
);

test.concurrent.for(KINDS)(
  "%s: a slot is given out once, and never again when it is finished",
  async (kind, context) => {
    const place = await newPlace(kind, context);
    const [one, other] = [await openAt(place, context), await openAt(place, context)];

    const claims = await Promise.all(
      Array.from({ length: 8 }, (_, at) => (at % 2 ? one : other).claimSlot(request(), SLOT)),
    );
    const won = claims.filter((it) => it !== undefined);
    const finished = await won[0]?.finish();

    context.expect(won).toHaveLength(1);
    context.expect(finished).toBe(true);
    context.expect(await other.claimSlot(request(), SLOT)).toBeUndefined();
    context.expect(await other.claimSlot(request({ name: "another job" }), SLOT)).toBeDefined();
    context.expect(await other.claimSlot(request(), LATER_SLOT)).toBeDefined();
  },
);

test.concurrent.for(KINDS)(
  "%s: a slot that was given back is given to the next",
  async (kind, context) => {
    const coordination = await openAt(await newPlace(kind, context), context);

    const first = await coordination.claimSlot(request(), SLOT);
    await first?.release();
    const second = await coordination.claimSlot(request(), SLOT);

    context.expect(second?.fence).toBeGreaterThan(first?.fence ?? Number.POSITIVE_INFINITY);
    context.expect(await second?.finish()).toBe(true);
  },
);

test.concurrent.for(["postgres", "redis"] as const)(
  "%s: nobody gets a lease from a store that is away, and nothing of its URL is told",
  async (kind, context) => {
    const place = await newPlace(kind, context);
    const url = new URL(place.url);
    url.port = "1";
    const coordination = await openAt({ ...place, url: url.href }, context);

    for (const ask of [
      () => coordination.acquire(request()),
      () => coordination.claimSlot(request(), SLOT),
      () => coordination.waitFor(request(), AbortSignal.timeout(60_000)),
    ]) {
      const failure = await ask().catch((error: unknown) => error);
      context
        .expect(String(failure))
        .toMatch(/^StoreError: STORE_URL: could not .*: connection refused\./);
      context
        .expect(JSON.stringify(failure, Object.getOwnPropertyNames(failure)))
        .not.toMatch(/pass-of|127\.0\.0\.1/);
    }
  },
);

test("leases and slots work through a pooler that lends connections", async (context) => {
  const pooler = await pgbouncer(context);
  const url = pooler.urlThrough(await (await postgres(context)).freshDatabase());
  const stores = { coordination: { kind: "postgres" as const, urlEnv: "STORE_URL" } };
  const coordination = await openAt({ stores, url, directory: "", port: undefined }, context);

  const lease = await coordination.acquire(request());
  const slot = await coordination.claimSlot(request(), SLOT);

  context.expect(await coordination.acquire(request())).toBeUndefined();
  context.expect(await slot?.finish()).toBe(true);
  await lease?.release();
  context.expect(await coordination.acquire(request())).toBeDefined();
});

test.concurrent.for(["sqlite", "postgres"] as const)(
  "%s: the lease of a dead holder is taken over within 50 ms",
  async (kind, context) => {
    const place = await newPlace(kind, context);
    const ttlMs = 600_000;
    const times: number[] = [];
    for (let round = 0; round < 5; round += 1) {
      const holder = startLeaseProcess({ kind: "hold", place, request: request({ ttlMs }) });
      context.onTestFinished(() => holder.kill());
      await holder.next("held");
      const coordination = await openAt(place, context);
      const waiting = coordination.waitFor(request({ ttlMs }), AbortSignal.timeout(60_000));
      await sleep(200);

      await holder.kill();
      const endedMs = performance.now();
      const lease = await waiting;
      times.push(performance.now() - endedMs);
      await lease.release();
    }

    // The best of five: the others of this file share the machine.
    context.expect(Math.min(...times)).toBeLessThan(50);
  },
);

function request(changes: Partial<LeaseRequest> = {}): LeaseRequest {
  return { name: "nightly", holder: "me", ttlMs: 30_000, ...changes };
}

test("sqlite: a change of the wall clock neither ends nor prolongs a lease, and a reboot ends it", async (context) => {
  const place = await newPlace("sqlite", context);
  const [one, other] = [await openAt(place, context), await openAt(place, context)];
  const ttlMs = 600_000;
  const change = async (text: string) => {
    const database = openSqlite(join(place.directory, "state.db"));
    await database.query("change a lease", `UPDATE opspec_leases SET ${text}`);
    await database.close();
  };
  await one.acquire(request({ ttlMs }));

  await change("renewed_at_ms = 0, since_ms = 0");
  const afterJump = await other.acquire(request({ ttlMs }));
  await change(`boot_id = 'before the reboot', renewed_at_ms = ${Date.now() + ttlMs}`);
  const afterReboot = await other.acquire(request({ ttlMs }));

  context.expect(afterJump).toBeUndefined();
  context.expect(afterReboot).toBeDefined();
  await afterReboot?.release();
});

test.for(KINDS)(
  "%s: a process whose clock is hours ahead or behind takes no lease and no slot of another one",
  async (kind, context) => {
    const place = await newPlace(kind, context);
    const [one, other] = [await openAt(place, context), await openAt(place, context)];
    const short = request({ ttlMs: 1_500 });
    const lease = await one.acquire(short);
    const slot = await one.claimSlot(short, SLOT);

    for (const hours of [2, -2]) {
      const clock = vi.spyOn(Date, "now").mockReturnValue(Date.now() + hours * 3_600_000);
      context.expect(await other.acquire(short)).toBeUndefined();
      context.expect(await other.claimSlot(short, SLOT)).toBeUndefined();
      await sleep(short.ttlMs * 1.5);
      context.expect(await other.acquire(short)).toBeUndefined();
      clock.mockRestore();
    }

    context.expect([lease?.lost.aborted, slot?.lost.aborted]).toEqual([false, false]);
    const clock = vi.spyOn(Date, "now").mockReturnValue(Date.now() - 86_400_000);
    await lease?.release();
    const next = await other.acquire(short);
    clock.mockRestore();
    context.expect(next?.fence).toBeGreaterThan(lease?.fence ?? Number.POSITIVE_INFINITY);
    context.expect(await slot?.finish()).toBe(true);
  },
);
