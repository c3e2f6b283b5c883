import { keysOf } from "./schema-walk.ts";
import { ServiceSpec } from "./service.ts";
import { StackSpec } from "./stack.ts";

/**
 * Keys that belong elsewhere, by the block in which they are often written, with the right place.
 */
const MISPLACED: Readonly<Record<string, string>> = {
  "jobs/disk": "A job has no disk. Give it to a service, and use in: or calls: with that service.",
  "jobs/timezone": "It belongs in the schedule.",
  "jobs/cron": "It belongs in the schedule: { cron: … }.",
  "jobs/every": "It belongs in the schedule: { every: … }.",
  "jobs/start": "A job has a command:.",
  "services/schedule": "Only jobs have one; write a job with in: and this service.",
  "services/persist": "It belongs in the disk.",
  "services/repo": "It belongs in the source: { repo: … }.",
  "services/image": "It belongs in the source: { image: … }.",
};

/** Keys of older versions, by their block within `stores` or `services`, with what replaces them. */
const RETIRED: Readonly<Record<string, string>> = {
  "records/file":
    "Run records are kept in a database. Write records: { sqlite: … } with the same path, but .db instead of .jsonl: the runtime imports the old file when it starts.",
  "records/keyValue":
    "Run records are kept in a database. Write records: { database: … }, or { sqlite: … } in a service with a disk. Leases may stay: coordination: { keyValue: … }.",
  "ops/loopbackOnly":
    'A proxy on the machine may forward requests without a header that says so, which would open the paths to everybody. Send the token from the machine too: curl -H "x-ops-token: $OPSPEC_OPS_TOKEN" ….',
  "coordination/directory":
    "Leases are kept in a database or a Key Value store. Write coordination: { sqlite: … } with the same path and .db: the runtime imports the old directory when it starts.",
};

/** What replaces a key of an older version; undefined for any other key. */
export function replacementOf(path: readonly string[], key: string): string | undefined {
  const isKnown = path.at(-2) === "stores" || path.at(-3) === "services";
  return isKnown ? RETIRED[`${path.at(-1)}/${key}`] : undefined;
}

/** Where an unknown key belongs when another level has it; undefined otherwise. */
export function belongsElsewhere(
  path: readonly string[],
  key: string,
  near: string | undefined,
): string | undefined {
  const place = MISPLACED[`${path[0]}/${key}`];
  // "secrets" in a variable means its own "secret", not the block of that name.
  const isPlural = near !== undefined && key === `${near}s`;
  if (place !== undefined || isPlural) return place;
  if (path.length === 0) {
    const isOfService = near === undefined && keysOf(ServiceSpec).includes(key);
    return isOfService ? `${key} belongs in a service.` : undefined;
  }
  return keysOf(StackSpec).includes(key) ? `${key} belongs at the top level.` : undefined;
}
