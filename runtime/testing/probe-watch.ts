import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { expect, onTestFinished, vi } from "vitest";
import type { ManifestCheck } from "../src/contract/health.ts";
import type { CheckResult } from "../src/health/check.ts";
import { type CheckLoop, loopCheck } from "../src/health/check.ts";
import { manifestCheck } from "../src/health/probes/manifest-check.ts";
import type { ProbeContext } from "../src/health/preset.ts";
import { createReports } from "../src/health/reports.ts";
import { manualClock } from "./scratch-health.ts";

/** The probe of a check. */
export type Watched = ManifestCheck["probe"];

/** Starts a check with an interval of a few milliseconds that ends with the test. */
export function watch(
  probe: Watched,
  { timeoutMs = 10_000, ...context }: Partial<ProbeContext> & { timeoutMs?: number } = {},
): CheckLoop {
  const clock = context.clock ?? manualClock();
  const check = manifestCheck(
    { name: "it", kind: "ready", intervalMs: 20, timeoutMs, probe },
    {
      env: {},
      directory: tmpdir(),
      records: undefined,
      reports: createReports(clock),
      appUrl: undefined,
      clock,
      ...context,
    },
  );
  const loop = loopCheck(check);
  onTestFinished(() => loop.stop());
  loop.start();
  return loop;
}

/** The result of the first probe. */
export async function probeOnce(
  probe: Watched,
  context: Partial<ProbeContext> = {},
): Promise<CheckResult> {
  const loop = watch(probe, context);
  await vi.waitFor(() => expect(loop.result().state).not.toBe("unknown"), { timeout: 10_000 });
  return loop.result();
}

/** A server that accepts connections and never answers; it ends with the test. */
export async function startHungServer(): Promise<{ port: number; sockets: ReadonlySet<Socket> }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => sockets.add(socket.on("error", () => undefined)));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, sockets };
}
