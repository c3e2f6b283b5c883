import { createHash } from "node:crypto";

import type { Context } from "hono";
import { z } from "zod";

import { nanoTimestamp, nowMs, roundedTimestamp, timestamp } from "../clock.ts";
import type { Cloud, CloudRoutes } from "../cloud.ts";
import { newId } from "../ids.ts";
import { barePage, isWanted } from "./lists.ts";
import { ensureOwnerId } from "./owners.ts";
import type { DedicatedIpRecord } from "./records.ts";
import { answer, emptyAnswer, newestFirst, queryOf, readBody, rowById } from "./requests.ts";
import { Region } from "./service-bodies.ts";

/** Addresses of one set. */
const ADDRESSES = 3;

const DedicatedIpPatch = z.object({
  name: z.string().min(1).optional(),
  description: z.string().optional(),
});

const DedicatedIpBody = z.object({
  name: z.string().min(1),
  description: z.string().default(""),
  environmentIds: z.array(z.string()).default([]),
  ownerId: z.string(),
  region: Region.default("oregon"),
});

const ONE = "/dedicated-ips/:dedicatedIpId";

/** `/dedicated-ips`: a bare list; `CREATING`, then `PENDING`, then `RUNNING` with its addresses. */
export function addDedicatedIpRoutes(api: CloudRoutes, cloud: Cloud): void {
  api.get("/dedicated-ips", (context) => {
    const query = queryOf(context);
    const rows = newestFirst(cloud.state.dedicatedIps).filter((it) =>
      isWanted(query, "ownerId", it.ownerId),
    );
    const view = (it: DedicatedIpRecord) => ipView(cloud, it);
    return answer(200, barePage(rows, query, { key: ({ id }) => id, view }));
  });

  api.post("/dedicated-ips", async (context) => {
    const body = await readBody(context, cloud, DedicatedIpBody);
    ensureOwnerId(body.ownerId);
    const at = nowMs(cloud.state);
    const createdAt = nanoTimestamp(at);
    const readyMs = at + 2 * cloud.phases.keyValueMs;
    const set = { id: newId("egs", at), createdAt, updatedAt: createdAt, readyMs, ...body };
    cloud.state.dedicatedIps[set.id] = set;
    // Only this answer has nanoseconds.
    return answer(201, { ...ipView(cloud, set), createdAt, updatedAt: createdAt });
  });

  api.get(ONE, (context) => answer(200, ipView(cloud, setOf(context, cloud))));
  api.patch(ONE, async (context) => {
    const patch = await readBody(context, cloud, DedicatedIpPatch);
    const updatedAt = timestamp(nowMs(cloud.state));
    return answer(200, ipView(cloud, Object.assign(setOf(context, cloud), patch, { updatedAt })));
  });
  api.delete(ONE, (context) => {
    delete cloud.state.dedicatedIps[setOf(context, cloud).id];
    return emptyAnswer(204);
  });
}

function setOf(context: Context, cloud: Cloud): DedicatedIpRecord {
  return rowById(cloud.state.dedicatedIps, context.req.param("dedicatedIpId") ?? "");
}

function ipView(cloud: Cloud, { readyMs, ...set }: DedicatedIpRecord) {
  const leftMs = readyMs - nowMs(cloud.state);
  const status =
    leftMs <= 0 ? "RUNNING" : leftMs <= cloud.phases.keyValueMs ? "PENDING" : "CREATING";
  return {
    ...set,
    createdAt: roundedTimestamp(set.createdAt),
    updatedAt: roundedTimestamp(set.updatedAt),
    ips: status === "RUNNING" ? addressesOf(set.id) : [],
    status,
  };
}

/** Stable addresses of the range that is reserved for documentation. */
function addressesOf(id: string): string[] {
  const bytes = createHash("sha256").update(id).digest();
  return Array.from({ length: ADDRESSES }, (_, index) => `203.0.113.${bytes[index]}`);
}
