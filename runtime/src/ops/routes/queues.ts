import { jsonAnswer } from "../json-api/exchange.ts";
import { viewQueues } from "../../sources/queues/queue-view.ts";
import type { OpsRoute } from "../route.ts";

/** The queues of the process with their lengths now. */
export const queueRoutes: readonly OpsRoute[] = [
  {
    method: "GET",
    path: "/ops/queues",
    answer: async ({ ops }) => jsonAnswer(200, { queues: await viewQueues(ops.process) }),
  },
];
