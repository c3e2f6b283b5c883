import { createServer, type AddressInfo, type Server } from "node:net";
import { once } from "node:events";
import { expect, onTestFinished, test } from "vitest";
import type { ManifestJob } from "../../contract/job.ts";
import { runJob } from "../../run/run-job.ts";
import { scratchProcess } from "../../../testing/scratch-process.ts";
import { freePort } from "../../../testing/server-process.ts";

/** A scanner that answers every PING with a PONG. */
async function startScanner(): Promise<number> {
  const server: Server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.on("data", () => socket.end("PONG\0"));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

async function passed(
  options: NonNullable<ManifestJob["options"]>,
  env: Record<string, string> = {},
) {
  const { process } = await scratchProcess({
    jobs: [{ name: "scanner", uses: "dependency-gate", options }],
    env,
  });
  return runJob(process, { job: "scanner", actor: "schedule" });
}

const CLAMAV = { name: "clamav", kind: "clamav", host: "127.0.0.1", portEnv: "CLAMAV_PORT" };

test("a scanner that answers is an open gate", async () => {
  const port = await startScanner();

  const record = await passed({ gates: [CLAMAV] }, { CLAMAV_PORT: String(port) });

  expect(record).toMatchObject({ status: "ok", details: { open: ["clamav"], shut: [] } });
});

test("a scanner that stays away fails the run, and with CLAMAV_FAIL_CLOSED=0 it only warns", async () => {
  const env = { CLAMAV_PORT: String(await freePort()) };
  const gates = [{ ...CLAMAV, timeoutSeconds: 1, failClosedEnv: "CLAMAV_FAIL_CLOSED" }];

  const closed = await passed({ gates }, env);
  const open = await passed({ gates }, { ...env, CLAMAV_FAIL_CLOSED: "0" });

  expect(closed).toMatchObject({ status: "failed", exitCode: 75 });
  expect(closed.error).toMatch(
    /^jobs\/scanner\/gates\/clamav: did not open within 1 s \(ECONNREFUSED\)/,
  );
  expect(open).toMatchObject({ status: "ok", details: { open: [], shut: ["clamav"] } });
});

test("a gate that nobody says where it is is a wrong configuration, and so is none at all", async () => {
  expect(await passed({ gates: [{ name: "store", kind: "http" }] })).toMatchObject({
    exitCode: 78,
  });
  expect(await passed({})).toMatchObject({
    exitCode: 78,
    error: expect.stringContaining("jobs/scanner/options/gates: there are none."),
  });
});
