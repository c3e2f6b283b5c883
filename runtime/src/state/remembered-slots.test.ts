import { join } from "node:path";
import { test } from "vitest";
import {
  type CoordinationPlace,
  openAt,
  useCoordinationPlaces,
} from "../../testing/coordination-place.ts";
import { openDatabase } from "../databases/postgres.ts";
import { openRedis } from "../databases/redis.ts";
import { openSqlite } from "../databases/sqlite-database.ts";
import { SLOTS_REMEMBERED } from "./leases.ts";

const KINDS = ["sqlite", "postgres", "redis"] as const;
const REQUEST = { name: "nightly", holder: "me", ttlMs: 30_000 };

const newPlace = useCoordinationPlaces();

test.concurrent.for(KINDS)(
  "%s: the newest 1,000 finished slots are remembered, and an older one cannot be claimed",
  { timeout: 120_000 },
  async (kind, context) => {
    const place = await newPlace(kind, context);
    const coordination = await openAt(place, context);
    const run = async (minute: number) => {
      const slot = await coordination.claimSlot(REQUEST, slotAt(minute));
      return await slot?.finish();
    };
    const open = 700;
    const minutes = Array.from({ length: SLOTS_REMEMBERED }, (_, at) => at + 1);

    for (const minute of minutes.filter((it) => it !== open)) await run(minute);
    const whileFew = await coordination.claimSlot(REQUEST, slotAt(0));
    await whileFew?.release();
    await run(SLOTS_REMEMBERED + 1);

    context.expect(whileFew).toBeDefined();
    context.expect(await run(0)).toBeUndefined();
    context.expect(await run(1)).toBeUndefined();
    context.expect(await run(open)).toBe(true);
    // The oldest one is forgotten now, and stays finished.
    context.expect(await run(1)).toBeUndefined();
    context.expect(await run(2)).toBeUndefined();
    context.expect(await run(SLOTS_REMEMBERED + 2)).toBe(true);
    context.expect(await countFinished(kind, place)).toBe(SLOTS_REMEMBERED);
  },
);

function slotAt(minute: number): Date {
  return new Date(Date.parse("2026-03-01T00:00:00Z") + minute * 60_000);
}

async function countFinished(
  kind: (typeof KINDS)[number],
  { directory, url }: CoordinationPlace,
): Promise<number> {
  const env = { STORE_URL: url };
  if (kind === "redis") {
    const redis = await openRedis("STORE_URL", env);
    const count = await redis.use("count slots", (it) => it.zcard("opspec:slots:nightly"));
    await redis.close();
    return count;
  }
  const [database, finished] =
    kind === "sqlite"
      ? [openSqlite(join(directory, "state.db")), "opspec_leases WHERE state = 'finished'"]
      : [await openDatabase("STORE_URL", env), "opspec.opspec_slots WHERE finished_at IS NOT NULL"];
  const [row] = await database.query("count slots", `SELECT count(*) AS n FROM ${finished}`);
  await database.close();
  return Number(row?.["n"]);
}
