import { diff } from "../kit/diff.ts";
import type { Wanted } from "../kit/plugin.ts";
import type { TreeObject } from "../kit/property-tree.ts";
import { type Json, type JsonObject, memberAt } from "./answer.ts";
import { bodyOf, clearingOf, defined, inputsOf, isPatchable, itemsOf } from "./body-fields.ts";
import { dropDisk, syncDisk } from "./disk.ts";
import { readDomains, syncDomains } from "./domains.ts";
import { readLinks, syncLinks, unlinkGroups } from "./env-group.ts";
import {
  ENV_VARS,
  type KeyedCollection,
  SECRET_FILES,
  readTexts,
  syncTexts,
  textsFrom,
  textsOf,
} from "./keyed-values.ts";
import { moveToEnvironment } from "./environment-member.ts";
import { syncAutoscaling, syncInstances } from "./scale.ts";
import { completedBody, registryCredentialOf } from "./service-fields.ts";
import type {
  ExistingService,
  ServiceContract,
  ServiceKind,
  ServiceTarget,
} from "./service-place.ts";
import { HEADERS, ROUTES, type RuleList, readRules, syncRules } from "./static-rules.ts";

/** A part of a service that separate calls change. */
export interface ServicePart {
  readonly input: string;
  /** The part may contain items of others; only the declared ones are managed. */
  readonly isShared?: boolean;
  /** Another input whose change also changes this part. */
  readonly follows?: string;
  /** Reads it; `declared` is absent on an import. Absent when the service's answer contains it. */
  readonly read?: (place: ServiceTarget, declared: Json | undefined) => Promise<Json>;
  /** Updates it; `old` is the previously declared value. */
  readonly sync: (
    place: ServiceTarget,
    wanted: Json | undefined,
    old: Json | undefined,
  ) => Promise<void>;
}

/** Whether it must be set after the POST, which cannot contain it. */
export const LATE_PARTS: readonly ServicePart[] = [
  {
    input: "domains",
    isShared: true,
    read: (place, declared) => readDomains(place, declaredNames(declared)),
    sync: (place, wanted, old) => syncDomains(place, namesOf(wanted), namesOf(old)),
  },
  {
    input: "envGroups",
    isShared: true,
    follows: "environmentId",
    read: (place, declared) => readLinks(place, declaredNames(declared)),
    sync: (place, wanted, old) => syncLinks(place, namesOf(wanted), namesOf(old)),
  },
];

/** Every part, in the order of an update. */
const SERVICE_PARTS: readonly ServicePart[] = [
  // A service with a disk has one instance: a disk is removed before scaling up and added after
  // scaling down.
  { input: "disk", sync: dropDisk },
  // The number is set before autoscaling is enabled or deleted, because it counts without it.
  { input: "numInstances", sync: syncInstances },
  { input: "autoscaling", sync: syncAutoscaling },
  texts(ENV_VARS),
  texts(SECRET_FILES),
  { input: "disk", sync: syncDisk },
  {
    input: "environmentId",
    sync: (place, wanted, old) =>
      moveToEnvironment(place, {
        id: place.serviceId,
        current: memberAt(place.service, ["environmentId"]),
        wanted,
        old,
        unlink: (from) => unlinkGroups(place, from),
      }),
  },
  ...LATE_PARTS,
  rules(HEADERS),
  rules(ROUTES),
];

/** The parts of services of this kind. */
export function partsOf({ contract }: ServiceKind): readonly ServicePart[] {
  return SERVICE_PARTS.filter(({ input }) => input in contract.inputs.shape);
}

function texts(collection: KeyedCollection): ServicePart {
  const { input, segment, noun } = collection;
  return {
    input,
    isShared: true,
    read: (place) => readTexts(collection, place),
    sync: async (place, wanted, old) => {
      const { client, path, signal } = place;
      const items = await client.list(`${path}/${segment}`, noun, signal);
      await syncTexts(collection, place, {
        existing: textsFrom(collection, items),
        wanted: textsOf(wanted),
        old: textsOf(old),
      });
    },
  };
}

function rules(list: RuleList): ServicePart {
  return {
    input: list.input,
    read: (place) => readRules(list, place),
    sync: async (place, wanted, old) => {
      if (wanted !== undefined || old !== undefined) await syncRules(list, place, wanted ?? []);
    },
  };
}

function declaredNames(list: Json | undefined): readonly string[] | undefined {
  return list === undefined ? undefined : namesOf(list);
}

function namesOf(list: Json | undefined): readonly string[] {
  return itemsOf(list).filter((it): it is string => typeof it === "string");
}

/** The contract's inputs in the service's answer. */
export function observedBody({ contract, fields }: ServiceKind, service: Json): JsonObject {
  const all = {
    ...inputsOf(fields, service),
    registryCredentialId: registryCredentialOf(service),
  };
  const own = Object.entries(all).filter(([key]) => key in contract.inputs.shape);
  return defined(Object.fromEntries(own));
}

/** Sends the differences and clears inputs that are no longer declared. */
export async function patchService(
  { kind, id, call }: ExistingService,
  { inputs, known }: Pick<Wanted<ServiceContract>, "inputs" | "known">,
  service: Json,
): Promise<void> {
  const { contract, fields } = kind;
  const observed = observedBody(kind, service);
  const wanted = defined(
    Object.fromEntries(Object.entries(inputs).filter(([key]) => isPatchable(fields, key))),
  );
  const dropped = Object.keys(known.inputs).filter(
    (key) => wanted[key] === undefined && observed[key] !== undefined,
  );
  const there = Object.fromEntries(Object.keys(wanted).map((key) => [key, observed[key]]));
  const isSame = diff(contract, defined(there) as TreeObject, wanted as TreeObject).length === 0;
  const clearing = clearingOf(fields, dropped);
  if (isSame && Object.keys(clearing).length === 0) return;
  await call.client.request({
    method: "PATCH",
    path: `/services/${id}`,
    body: completedBody(bodyOf(fields, wanted, { purpose: "patch", base: clearing }), inputs),
    doing: `change service "${inputs.name}"`,
    signal: call.signal,
  });
}
