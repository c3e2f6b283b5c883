import { fork } from "node:child_process";
import { once } from "node:events";
import { Agent, createServer, get } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { Figure } from "./figure.ts";

/** Requests a second, and for how long: enough for a p99 of 25 requests, short enough for a bench. */
const RATE = 500;
const SECONDS = 5;

/** Requests are sent in small groups, because timers are no finer than a millisecond. */
const TICK_MS = 10;

/** The first requests compile the code and open the connections. */
const WARM_UP_SECONDS = 1;

/** Of the checks: several intervals lie within the measured time. */
const INTERVAL_MS = 500;

/**
 * The p99 of `/healthz` while the only dependency accepts requests and never answers.
 *
 * Every second request gets an empty answer of the same server, as the base of comparison.
 */
const healthzHung: Figure = {
  name: "healthz-hung-dependency",
  unit: "ms",
  bar: 5,
  measure: async () => {
    const { latencies, looks } = await measure(["/healthz", "/empty"], "hangs");
    const healthz = latencies["/healthz"] ?? [];
    const empty = latencies["/empty"] ?? [];
    return {
      value: quantile(healthz, 0.99),
      detail: [
        `p99 of ${healthz.length} at ${RATE / 2}/s, p50 ${quantile(healthz, 0.5).toFixed(2)}`,
        `an empty answer: p99 ${quantile(empty, 0.99).toFixed(2)}, p50 ${quantile(empty, 0.5).toFixed(2)}`,
        `probes that hang: ${looks.length}`,
      ].join("; "),
    };
  },
};

/**
 * How often the dependency is probed in one interval while `/readyz` is asked 500 times a second.
 */
const readyzLooks: Figure = {
  name: "readyz-looks-per-interval",
  unit: "looks",
  bar: 1,
  measure: async () => {
    const { latencies, looks } = await measure(["/readyz"], "answers");
    // The first probe also loads the driver and connects, so counting starts after it.
    const [, first = 0] = looks;
    const intervals = ((looks.at(-1) ?? 0) - first) / INTERVAL_MS;
    return {
      value: Math.round(((looks.length - 2) / intervals) * 100) / 100,
      detail: `${looks.length - 1} probes in ${(intervals * INTERVAL_MS).toFixed(0)} ms for ${latencies["/readyz"]?.length} requests`,
    };
  },
};

export const healthFigures: readonly Figure[] = [healthzHung, readyzLooks];

interface Load {
  /** Latencies in milliseconds by path. */
  readonly latencies: Readonly<Record<string, readonly number[]>>;
  /** When the dependency was probed. */
  readonly looks: readonly number[];
}

async function measure(paths: readonly string[], dependency: "hangs" | "answers"): Promise<Load> {
  const looks: number[] = [];
  const server = createServer((_, response) => {
    looks.push(performance.now());
    if (dependency === "answers") response.end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const child = fork(new URL("./health-server.ts", import.meta.url), {
    env: {
      ...process.env,
      DEPENDENCY_URL: `http://127.0.0.1:${port}`,
      INTERVAL_MS: String(INTERVAL_MS),
    },
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  try {
    const [appPort] = (await once(child, "message")) as [number];
    const urls = paths.map((path) => `http://127.0.0.1:${appPort}${path}`);
    await load(urls, WARM_UP_SECONDS);
    const asked = await load(urls, SECONDS);
    const latencies = paths.map((path, at) => [
      path,
      asked.filter((_, it) => it % paths.length === at),
    ]);
    return { latencies: Object.fromEntries(latencies), looks };
  } finally {
    child.kill("SIGKILL");
    server.closeAllConnections();
    server.close();
  }
}

/** Requests the URLs in turn at a steady rate, without waiting for answers. */
async function load(urls: readonly string[], seconds: number): Promise<number[]> {
  const agent = new Agent({ keepAlive: true });
  const asked: Promise<number>[] = [];
  const startMs = performance.now();
  while (performance.now() - startMs < seconds * 1000) {
    const due = ((performance.now() - startMs) / 1000) * RATE;
    while (asked.length < due) asked.push(ask(urls[asked.length % urls.length] ?? "", agent));
    await sleep(TICK_MS);
  }
  const latencies = await Promise.all(asked);
  agent.destroy();
  return latencies;
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
}

function ask(url: string, agent: Agent): Promise<number> {
  const startMs = performance.now();
  return new Promise((resolve, reject) => {
    get(url, { agent }, (response) => {
      response.resume();
      response.once("end", () => resolve(performance.now() - startMs));
    }).once("error", reject);
  });
}
