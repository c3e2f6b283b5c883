import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { scratchProcess } from "../../testing/scratch-process.ts";
import { usePostgres } from "../../testing/servers.ts";
import { startTcpProxy } from "../../testing/tcp-proxy.ts";
import { leaseRequest } from "./admission.ts";
import { recoverLost } from "./lost-runs.ts";
import { runJob } from "./run-job.ts";
import { jobOf } from "./run.ts";

const postgres = usePostgres();

const STORE = { kind: "postgres", urlEnv: "URL" } as const;

const JOBS = [{ name: "trim", command: "sleep 1" }];

test.for([5, 14])(
  "a run that ends while its store is away for %d s is recorded as it ended, and its slot is not run again",
  { timeout: 60_000 },
  async (seconds, context) => {
    const direct = new URL(await (await postgres(context)).freshDatabase());
    const proxy = await startTcpProxy(Number(direct.port));
    onTestFinished(proxy.close);
    const proxied = new URL(direct);
    proxied.port = String(proxy.port);
    const manifest = { stores: { records: STORE, coordination: STORE } };
    const open = async (url: URL) =>
      (await scratchProcess({ jobs: JOBS, manifest, env: { URL: url.href } })).process;
    const [own, other] = [await open(proxied), await open(direct)];
    const slot = new Date("2026-11-22T10:00:00Z");
    const claim = (process: typeof own) =>
      process.coordination?.claimSlot(leaseRequest({ process, job: jobOf(process, "trim") }), slot);
    const lease = await claim(own);
    if (!lease) throw new Error("unreachable: nobody else claims the slot");
    const request = { job: "trim", actor: "schedule", scheduledFor: slot, slot: lease };
    const running = runJob(own, request);
    await expect.poll(async () => (await other.records.unfinished()).length).toBe(1);

    proxy.cut();
    const others = [];
    for (let second = 0; second < seconds; second += 1) {
      await sleep(1000);
      others.push(await claim(other), ...(await recoverLost(other)));
    }
    proxy.restore();
    const record = await running;
    others.push(await claim(other), ...(await recoverLost(other)));

    expect(record.status).toBe("ok");
    expect(others.filter((it) => it !== undefined)).toEqual([]);
    expect(await other.records.list({ limit: 10 })).toEqual([record]);
  },
);
