import type { Problem } from "../../errors.ts";
import { BANNED_MOUNTS } from "../../resources/facts.ts";
import type { ServiceSpec } from "../../spec/service.ts";
import type { DeepPartial, PartialStackSpec } from "../../spec/stack.ts";
import { entriesOf } from "../entries.ts";

/** System directories; a disk there or below would hide files that the service needs. */
const SYSTEM_DIRS = ["/etc/secrets", "/usr", "/bin", "/lib", "/proc", "/sys", "/dev"];

type ServicePart = DeepPartial<ServiceSpec>;

/** Requires an allowed mount path, one instance, and persisted paths that do not overlap. */
export function validateDisks(spec: PartialStackSpec): Problem[] {
  return entriesOf(spec.services).flatMap(([key, service]) => [
    ...freePlan(key, service),
    ...severalInstances(key, service),
    ...bannedMount(key, service),
    ...nestedPersist(key, service),
    ...unlinked(key, service),
    ...overlappingVolumes(key, service),
  ]);
}

function freePlan(key: string, { plan, disk }: ServicePart): Problem[] {
  if (plan !== "free" || !disk) return [];
  const message = "a service on the free plan cannot have a disk.";
  return [{ path: `services/${key}/disk`, message, remedy: "Use plan: starter or a larger one." }];
}

function severalInstances(key: string, { disk, instances, autoscale }: ServicePart): Problem[] {
  if (!disk || ((instances ?? 1) === 1 && !autoscale)) return [];
  return [
    {
      path: `services/${key}/${autoscale ? "autoscale" : "instances"}`,
      message: "a service with a disk runs as one instance.",
      remedy: "Remove it, or keep the data in a database.",
    },
  ];
}

function bannedMount(key: string, { disk }: ServicePart): Problem[] {
  const mount = disk?.mount;
  const isBanned =
    BANNED_MOUNTS.includes(mount ?? "") || SYSTEM_DIRS.some((dir) => isInside(mount, dir));
  if (!isBanned) return [];
  return [
    {
      path: `services/${key}/disk/mount`,
      message: `Render mounts no disk at ${mount}.`,
      remedy: "Use a directory of your own, such as /var/data.",
    },
  ];
}

/** A directory inside another persisted one would be linked twice. */
function nestedPersist(key: string, { disk }: ServicePart): Problem[] {
  const persist = disk?.persist ?? [];
  return persist.flatMap((path, index) => {
    if (path === undefined) return [];
    const outer = persist.find(
      (other, at) => isInside(path, other) && (path !== other || at < index),
    );
    if (outer === undefined) return [];
    const message =
      path === outer
        ? `"${path}" is listed twice.`
        : `"${path}" is inside "${outer}", which is persisted already.`;
    return [{ path: `services/${key}/disk/persist/${index}`, message, remedy: "Remove it." }];
  });
}

/** The runtime creates the links, so it is required for persisted paths. */
function unlinked(key: string, { disk, supervise, runtime, source }: ServicePart): Problem[] {
  if (!disk?.persist || disk.persist.length === 0 || supervise === true) return [];
  const isImage = runtime === "docker" || (source !== undefined && "image" in source);
  if (supervise !== false && !isImage) return [];
  return [
    {
      path: `services/${key}/disk/persist`,
      message:
        "nothing links these to the disk, because the service does not run under the runtime.",
      remedy:
        "Set supervise: true, or let the app write under the mount itself and remove persist.",
    },
  ];
}

function overlappingVolumes(key: string, { volumes }: ServicePart): Problem[] {
  const mounts = (volumes ?? []).map((volume) => volume?.container);
  return mounts.flatMap((mount, index) => {
    const other = mounts.slice(0, index).find((it) => isInside(mount, it) || isInside(it, mount));
    if (mount === undefined || other === undefined) return [];
    return [
      {
        path: `services/${key}/volumes/${index}/container`,
        message: `${mount} overlaps with ${other}.`,
        remedy: "Mount one directory that contains both, or two separate ones.",
      },
    ];
  });
}

function isInside(path: string | undefined, outer: string | undefined): boolean {
  if (path === undefined || outer === undefined) return false;
  return path === outer || path.startsWith(`${outer}/`);
}
