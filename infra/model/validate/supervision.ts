import type { Problem } from "../../errors.ts";
import type { ServiceSpec } from "../../spec/service.ts";
import type { DeepPartial, PartialStackSpec } from "../../spec/stack.ts";
import { entriesOf } from "../entries.ts";
import { isPersisted } from "./job-disk.ts";
import { isInFront, isNative, isSupervised, superviseBlock } from "../supervision.ts";

type ServicePart = DeepPartial<ServiceSpec>;
type Rule = (path: string, service: ServicePart) => Problem[];

/** Keys that only the runtime reads. */
const RUNTIME_KEYS = [
  "healthPreset",
  "healthPaths",
  "metricsKey",
  "ops",
  "checks",
  "toggles",
  "caches",
  "stores",
] as const satisfies readonly (keyof ServiceSpec)[];

const RULES: readonly Rule[] = [unread, unknownStart, takenPort, noWayIn, storesLost];

/** Requires a runtime for the runtime's keys, and a free port for it. */
export function validateSupervision(spec: PartialStackSpec): Problem[] {
  return entriesOf(spec.services).flatMap(([key, service]) =>
    service.type === undefined ? [] : RULES.flatMap((rule) => rule(`services/${key}`, service)),
  );
}

function unread(path: string, service: ServicePart): Problem[] {
  if (isSupervised(service)) return [];
  return RUNTIME_KEYS.filter((name) => service[name] !== undefined).map((name) => ({
    path: `${path}/${name}`,
    message: "is used by the runtime, and this service does not run under the runtime.",
    remedy: service.type === "static" ? "Remove it." : "Set supervise: true, or remove it.",
  }));
}

/** The runtime starts the app, so it needs the command; the command of an image is not known here. */
function unknownStart(path: string, service: ServicePart): Problem[] {
  const { source, runtime, start } = service;
  const isKnown = source !== undefined && (runtime !== undefined || "image" in source);
  if (!isKnown || isNative(service) || !isSupervised(service) || start !== undefined) return [];
  return [
    {
      path: `${path}/start`,
      message: "is missing: the runtime starts the app and needs its command.",
      remedy: "Set start: to the command of its Dockerfile.",
    },
  ];
}

/** As a reverse proxy the runtime listens on the port and gives the app another one as PORT. */
function takenPort(path: string, service: ServicePart): Problem[] {
  const { start, port } = service;
  const { opsPort } = superviseBlock(service);
  if (opsPort !== undefined && opsPort === port) {
    return [
      {
        path: `${path}/supervise/opsPort`,
        message: "is the port of the app.",
        remedy: "Choose another one.",
      },
    ];
  }
  if (start === undefined || port === undefined || !isInFront(service)) return [];
  const isWritten = new RegExp(String.raw`(:|--?(port|p)[= ])${port}\b`).test(start);
  if (!isWritten) return [];
  return [
    {
      path: `${path}/start`,
      message: `listens on ${port}, which is the port of the runtime's reverse proxy.`,
      remedy: "Use $PORT, or set supervise: { opsPort: … }.",
    },
  ];
}

function noWayIn(path: string, service: ServicePart): Problem[] {
  const { front, opsPort } = superviseBlock(service);
  if (front !== true || opsPort === undefined) return [];
  return [
    {
      path: `${path}/supervise/opsPort`,
      message: "cannot be combined with front: true.",
      remedy: "Keep one of them.",
    },
  ];
}

/** Files that must survive a deploy are on a disk. */
function storesLost(path: string, { type, disk, stores }: ServicePart): Problem[] {
  if (type === "container" || !stores) return [];
  const { records, coordination, history } = stores;
  const places = [
    ["records/sqlite", records && "sqlite" in records ? records.sqlite : undefined],
    [
      "coordination/sqlite",
      coordination && "sqlite" in coordination ? coordination.sqlite : undefined,
    ],
    ["history/file", history?.file],
  ] as const;
  return places.flatMap(([at, place]) => {
    const isKept =
      place === undefined ||
      isPersisted(place, disk?.persist) ||
      (disk?.mount !== undefined && place.startsWith(`${disk.mount}/`));
    if (isKept) return [];
    return [
      {
        path: `${path}/stores/${at}`,
        message: `"${place}" is not on the disk: the next deploy would remove it.`,
        remedy: disk
          ? "Add it, or its directory, to disk/persist, or put it below the mount."
          : "Give the service a disk.",
      },
    ];
  });
}
