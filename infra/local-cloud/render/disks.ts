import { badRequest, conflict, notFound } from "../api-error.ts";
import { nowMs, timestamp } from "../clock.ts";
import type { Cloud, CloudRoutes } from "../cloud.ts";
import { newId } from "../ids.ts";
import { isFirstDeploy, isLive } from "./deploy-start.ts";
import { isWanted, isWithin, listPage } from "./lists.ts";
import type { DiskRecord, ServiceRecord } from "./records.ts";
import {
  answer,
  emptyAnswer,
  newestFirst,
  queryOf,
  readBody,
  rowById,
  serviceById,
} from "./requests.ts";
import { DiskInput } from "./service-bodies.ts";
import { serviceType } from "./service-types.ts";
import { z } from "zod";

const DiskCreate = z.object({ ...DiskInput.shape, serviceId: z.string() });

/** Without the default size: a change that names no size keeps it. */
const DiskPatch = z.object({
  name: DiskInput.shape.name.optional(),
  mountPath: DiskInput.shape.mountPath.optional(),
  sizeGB: z.int().min(1).optional(),
});

const RestoreBody = z.object({ snapshotKey: z.string(), instanceId: z.string().optional() });

/** `/disks`. A disk is attached by the next deploy, not by these calls. */
export function addDiskRoutes(api: CloudRoutes, cloud: Cloud): void {
  api.get("/disks", (context) => answer(200, diskPage(cloud, queryOf(context))));

  api.post("/disks", async (context) => {
    const { serviceId, ...input } = await readBody(context, cloud, DiskCreate);
    const service = serviceById(cloud, serviceId);
    if (diskOf(cloud, serviceId)) throw conflict(`${serviceId} already has a disk`);

    ensureDiskFits(service, input);
    return answer(201, newDisk(cloud, serviceId, input));
  });

  api.get("/disks/:diskId", (context) =>
    answer(200, rowById(cloud.state.disks, context.req.param("diskId"))),
  );

  api.patch("/disks/:diskId", async (context) => {
    const patch = await readBody(context, cloud, DiskPatch);
    return answer(200, changeDisk(cloud, context.req.param("diskId"), patch));
  });

  api.delete("/disks/:diskId", (context) => {
    const { id } = rowById(cloud.state.disks, context.req.param("diskId"));
    delete cloud.state.disks[id];
    return emptyAnswer(204);
  });
  addSnapshotRoutes(api, cloud);
}

/** A disk here is a folder of this machine, so it has no snapshots. */
function addSnapshotRoutes(api: CloudRoutes, cloud: Cloud): void {
  // Render answers this list with 201.
  api.get("/disks/:diskId/snapshots", (context) => {
    rowById(cloud.state.disks, context.req.param("diskId"));
    return answer(201, []);
  });

  api.post("/disks/:diskId/snapshots/restore", async (context) => {
    const { snapshotKey } = await readBody(context, cloud, RestoreBody);
    rowById(cloud.state.disks, context.req.param("diskId"));
    throw notFound(snapshotKey);
  });
}

function diskPage(cloud: Cloud, query: URLSearchParams) {
  const rows = newestFirst(cloud.state.disks).filter(
    (it) =>
      isWanted(query, "ownerId", serviceById(cloud, it.serviceId).ownerId) &&
      isWanted(query, "serviceId", it.serviceId) &&
      isWanted(query, "diskId", it.id) &&
      isWanted(query, "name", it.name) &&
      isWithin(query, "created", it.createdAt) &&
      isWithin(query, "updated", it.updatedAt),
  );
  return listPage(rows, query, { noun: "disk", key: ({ id }) => id, view: (it) => it });
}

function changeDisk(cloud: Cloud, id: string, patch: z.infer<typeof DiskPatch>): DiskRecord {
  const before = rowById(cloud.state.disks, id);
  const disk = { ...before, ...patch, updatedAt: timestamp(nowMs(cloud.state)) };

  if (disk.sizeGB < before.sizeGB) {
    throw badRequest(`disk size cannot shrink from ${before.sizeGB} to ${disk.sizeGB} GB`);
  }
  if (!isLive(cloud, disk.serviceId) && !isFirstDeploy(cloud, disk.serviceId)) {
    throw badRequest("service must be live to update its disk");
  }
  ensureDiskFits(serviceById(cloud, disk.serviceId), disk);

  cloud.state.disks[id] = disk;
  return disk;
}

/** Directories of Render; a disk there would hide them. */
export const BANNED_MOUNTS = [
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

/** Checks a disk against its service and names every broken rule. */
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

/** The disk of a service, if it has one. */
export function diskOf(cloud: Cloud, serviceId: string): DiskRecord | undefined {
  return Object.values(cloud.state.disks).find((it) => it.serviceId === serviceId);
}

/** Adds a validated disk. */
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
