// The process that the health figures are measured against: an app with one check of a dependency.
import { createServer } from "node:http";
import { type AddressInfo } from "node:net";
import { createHealth, nodeListener } from "@opspec/runtime/app";

/** DEPENDENCY_URL is the dependency; INTERVAL_MS is the time between two probes. */
const health = createHealth({
  health: {
    checks: [
      {
        name: "dependency",
        kind: "ready",
        intervalMs: Number(process.env["INTERVAL_MS"]),
        timeoutMs: 60_000,
        probe: { kind: "http", urlEnv: "DEPENDENCY_URL" },
      },
    ],
  },
});
health.start();

const answer = nodeListener(health.handler);
const server = createServer((request, response) => {
  // The other side of the ratio: an empty answer.
  if (request.url === "/empty") response.end();
  else answer(request, response);
});
server.listen(0, "127.0.0.1", () => {
  process.send?.((server.address() as AddressInfo).port);
});
