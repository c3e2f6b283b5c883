import { json } from "../../http.ts";
import { viewQueues } from "../../sources/queues/queue-view.ts";
import type { OpsRoute } from "../api.ts";

/** The queues of the process with their lengths now. */
export const queueRoutes: readonly OpsRoute[] = [
  {
    method: "GET",
    path: "/ops/queues",
    answer: async ({ var: { ops } }) => json(200, { queues: await viewQueues(ops.process) }),
  },
];
