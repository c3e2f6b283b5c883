import type { Problem } from "../../errors.ts";
import type { StackModel } from "../stack-model.ts";

/** What is remembered of the last deploy. */
export type Deployed = Pick<StackModel, "services" | "databases" | "keyValues">;

/**
 * What the last deploy made impossible: disks never shrink, and a database whose version, region
 * or names change is replaced with everything in it.
 *
 * @see https://render.com/docs/disks https://render.com/docs/postgresql-upgrading
 */
export function ensureTransition(before: Deployed, after: Deployed): Problem[] {
  return [
    ...shrunkDisks(before, after),
    ...shrunkDatabases(before, after),
    ...replacedStores(before, after),
  ];
}

function shrunkDisks(before: Deployed, after: Deployed): Problem[] {
  return after.services.flatMap(({ key, disk }) => {
    const old = before.services.find((it) => it.key === key)?.disk;
    if (!disk || !old || disk.sizeGb >= old.sizeGb) return [];
    return [
      {
        path: `services/${key}/disk/sizeGb`,
        message: `a disk cannot shrink, got ${disk.sizeGb} where ${old.sizeGb} is deployed.`,
        remedy: `Use ${old.sizeGb} or more.`,
      },
    ];
  });
}

function shrunkDatabases(before: Deployed, after: Deployed): Problem[] {
  return after.databases.flatMap(({ key, diskGb }) => {
    const old = before.databases.find((it) => it.key === key)?.diskGb;
    if (diskGb === undefined || old === undefined || diskGb >= old) return [];
    return [
      {
        path: `databases/${key}/diskGb`,
        message: `a disk cannot shrink, got ${diskGb} where ${old} is deployed.`,
        remedy: `Use ${old} or more.`,
      },
    ];
  });
}

/** Inputs of stores that no API can change, with their keys in a spec. */
const IMMUTABLE = [
  ["version", "version"],
  ["region", "region"],
  ["databaseName", "database"],
  ["databaseUser", "user"],
] as const;

function replacedStores(before: Deployed, after: Deployed): Problem[] {
  return (["databases", "keyValues"] as const).flatMap((collection) =>
    after[collection].flatMap((store) => {
      const old = before[collection].find((it) => it.key === store.key);
      if (!old || store.allowDataLoss) return [];
      return IMMUTABLE.flatMap(([input, key]) => {
        const [was, is] = [valueOf(old, input), valueOf(store, input)];
        if (was === is || was === undefined) return [];
        return [
          {
            path: `${collection}/${store.key}/${key}`,
            message: `changes from ${was} to ${is ?? "nothing"}, which replaces it and deletes its data.`,
            remedy: "Put it back, or consent with allowDataLoss: true after a backup.",
          },
        ];
      });
    }),
  );
}

function valueOf(store: object, input: string): unknown {
  return Object.entries(store).find(([key]) => key === input)?.[1];
}
