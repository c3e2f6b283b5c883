import type { z } from "zod";

import { badRequest } from "../api-error.ts";
import { nowMs, timestamp } from "../clock.ts";
import type { Cloud } from "../cloud.ts";
import { newId } from "../ids.ts";
import type { DiskRecord, ServiceRecord } from "./records.ts";
import type { DiskInput } from "./service-bodies.ts";
import { serviceType } from "./service-types.ts";

/** Where Render keeps its own things: a disk there would hide them. */
const BANNED_MOUNTS = [
  "/",
  "/opt",
  "/opt/render",
  "/opt/render/project",
  "/opt/render/project/src",
  "/home",
  "/home/render",
  "/etc",
  "/etc/secrets",
];

/** Everything about a disk that its service must allow; every rule that is broken is named. */
export function ensureDiskFits(
  { type, details }: Pick<ServiceRecord, "type" | "details">,
  { mountPath }: Pick<DiskRecord, "mountPath">,
): void {
  const isBanned = BANNED_MOUNTS.includes(mountPath.replace(/(?<=.)\/+$/, ""));
  const problems = [
    !serviceType(type).isScalable && `a service of type ${type} cannot have a disk`,
    details.plan === "free" && "plan free cannot have a disk",
    (details.numInstances ?? 1) > 1 && "a service with a disk has one instance",
    details.autoscaling?.enabled && "a service with a disk cannot autoscale",
    isBanned && `disk cannot be mounted at ${mountPath}`,
  ].filter((it) => typeof it === "string");

  if (problems.length > 0) throw badRequest(problems.join("; "));
}

/** The disk of a service: it has one or none. */
export function diskOf(cloud: Cloud, serviceId: string): DiskRecord | undefined {
  return Object.values(cloud.state.disks).find((it) => it.serviceId === serviceId);
}

/** Adds a disk whose rules have been checked. */
export function newDisk(
  cloud: Cloud,
  serviceId: string,
  { name, mountPath, sizeGB }: z.infer<typeof DiskInput>,
): DiskRecord {
  const at = nowMs(cloud.state);
  const createdAt = timestamp(at);
  const id = newId("dsk", at);
  const disk = { id, serviceId, createdAt, updatedAt: createdAt, name, mountPath, sizeGB };

  cloud.state.disks[id] = disk;
  return disk;
}
