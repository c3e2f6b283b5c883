import { type Json, memberAt } from "./answer.ts";
import { itemsOf } from "./body-fields.ts";
import { dropDisk, syncDisk } from "./disk.ts";
import { readDomains, syncDomains } from "./domains.ts";
import { moveToEnvironment } from "./environment-member.ts";
import { readLinks, syncLinks } from "./group-links.ts";
import {
  ENV_VARS,
  type KeyedCollection,
  readTexts,
  SECRET_FILES,
  syncTexts,
  textsFrom,
  textsOf,
} from "./keyed-values.ts";
import { syncAutoscaling, syncInstances } from "./scale.ts";
import type { ServiceKind, ServiceTarget } from "./service-place.ts";
import { HEADERS, readRules, ROUTES, type RuleList, syncRules } from "./static-rules.ts";

/** A part of a service that Render changes with calls of its own. */
export interface ServicePart {
  readonly input: string;
  /** Others have items in it too, so only the declared ones are ours. */
  readonly isShared?: boolean;
  /** Asks for it; `declared` is absent on an import. Absent where the service's own answer says it. */
  readonly read?: (place: ServiceTarget, declared: Json | undefined) => Promise<Json>;
  /** Makes it what is wanted; `old` is what we had declared before. */
  readonly sync: (
    place: ServiceTarget,
    wanted: Json | undefined,
    old: Json | undefined,
  ) => Promise<void>;
}

/** What a POST cannot say: it follows as soon as the service exists. */
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
    read: (place, declared) => readLinks(place, declaredNames(declared)),
    sync: (place, wanted, old) => syncLinks(place, namesOf(wanted), namesOf(old)),
  },
];

/** Every part, in the order in which an update makes them so. */
const SERVICE_PARTS: readonly ServicePart[] = [
  // A service with a disk has one instance: it goes before scaling up, and comes after scaling down.
  { input: "disk", sync: dropDisk },
  { input: "autoscaling", sync: syncAutoscaling },
  { input: "numInstances", sync: syncInstances },
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
      }),
  },
  ...LATE_PARTS,
  rules(HEADERS),
  rules(ROUTES),
];

/** The parts that services of this kind have. */
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
