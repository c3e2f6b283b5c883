import type { SqlDatabase } from "../databases/sql-database.ts";
import { type LeaseRequest, renewLease, type SlotLease, SLOTS_REMEMBERED } from "./leases.ts";

const TABLE = "opspec.opspec_slots";
export const FENCES = "opspec.opspec_fences";

/** One row for each job and slot. Times are the database's, so that the clocks of processes do not matter. */
const DDL = `
  CREATE SEQUENCE IF NOT EXISTS ${FENCES};
  CREATE TABLE IF NOT EXISTS ${TABLE} (
    job text NOT NULL,
    slot timestamptz NOT NULL,
    holder text NOT NULL,
    fence bigint NOT NULL,
    expires_at timestamptz NOT NULL,
    finished_at timestamptz,
    PRIMARY KEY (job, slot)
  );
`;

/** The oldest finished slot that is remembered, once there are so many. */
const FLOOR = `(
  SELECT slot FROM ${TABLE} WHERE job = $1 AND finished_at IS NOT NULL
  ORDER BY slot DESC OFFSET ${SLOTS_REMEMBERED - 1} LIMIT 1
)`;

/** Inserts a row, or takes over one whose holder vanished. The fence is drawn while the row is locked. */
const CLAIM = `
  INSERT INTO ${TABLE} (job, slot, holder, fence, expires_at)
  SELECT $1, $2::timestamptz, $3, nextval('${FENCES}'),
    clock_timestamp() + $4::float8 * interval '1 millisecond'
  WHERE coalesce($2::timestamptz >= ${FLOOR}, true)
  ON CONFLICT (job, slot) DO UPDATE
    SET holder = excluded.holder, fence = nextval('${FENCES}'),
      expires_at = clock_timestamp() + $4::float8 * interval '1 millisecond'
    WHERE opspec_slots.finished_at IS NULL AND opspec_slots.expires_at <= clock_timestamp()
  RETURNING fence`;

/** Still held by us: nobody drew a later fence, and the TTL is not over. */
const OWN = `job = $1 AND slot = $2::timestamptz AND fence = $3::bigint
  AND finished_at IS NULL AND expires_at > clock_timestamp()`;

const RENEW = `
  UPDATE ${TABLE} SET expires_at = clock_timestamp() + $4::float8 * interval '1 millisecond'
  WHERE ${OWN} RETURNING 1`;

const RELEASE = `UPDATE ${TABLE} SET expires_at = clock_timestamp() WHERE ${OWN}`;

const FINISH = `UPDATE ${TABLE} SET finished_at = clock_timestamp() WHERE ${OWN} RETURNING 1`;

const FORGET = `DELETE FROM ${TABLE} WHERE job = $1 AND slot < ${FLOOR}`;

/** Creates the table of slots, and the sequence of fences, which leases use too. */
export async function ensureSlots(database: SqlDatabase): Promise<void> {
  await database.ensure("opspec_slots", DDL);
}

/** The right to run one slot: a row that only one process can insert, renewed until it is finished. */
export async function claimSlot(
  database: SqlDatabase,
  { name, holder, ttlMs }: LeaseRequest,
  slot: Date,
): Promise<SlotLease | undefined> {
  await ensureSlots(database);
  const sentAtMs = performance.now();
  const at = slot.toISOString();
  const [row] = await database.query("claim a slot", CLAIM, [name, at, holder, ttlMs]);
  if (!row) return undefined;
  const fence = Number(row["fence"]);
  const own = [name, at, fence];
  const kept = renewLease({
    ttlMs,
    sentAtMs,
    renew: async () => (await database.query("renew a slot", RENEW, [...own, ttlMs])).length > 0,
  });
  return {
    fence,
    lost: kept.lost,
    release: async () => {
      kept.stop();
      if (!kept.lost.aborted) await database.query("release a slot", RELEASE, own);
    },
    finish: async () => {
      if (kept.lost.aborted) return false;
      kept.stop();
      const isOurs = (await database.query("finish a slot", FINISH, own)).length > 0;
      await database.query("forget old slots", FORGET, [name]);
      return isOurs;
    },
  };
}
