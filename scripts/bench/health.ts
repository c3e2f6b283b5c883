import { fork } from "node:child_process";
import { once } from "node:events";
import { Agent, createServer, get } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { type Figure, median } from "./figure.ts";

/** Requests per second and duration. The p99 then covers 25 requests. */
const RATE = 500;
const SECONDS = 5;

/** Requests are sent in small groups, because timers are no finer than a millisecond. */
const TICK_MS = 10;

/** The first requests compile the code and open the connections. */
const WARM_UP_SECONDS = 1;

/** Interval of the checks; the measured time contains several. */
const INTERVAL_MS = 500;

/** Number of rounds. The median counts, so that one pause of the machine does not decide. */
const ROUNDS = 3;

/**
 * The p99 of `/healthz` while the only dependency accepts requests and never answers, as a ratio to
 * the p99 of an empty answer of the same server.
 *
 * Every second request is of the other kind, so that both sides meet the same load of the machine.
 */
const healthzHung: Figure = {
  name: "healthz-hung-dependency",
  unit: "ratio",
  bar: 1.5,
  measure: async () => {
    const { rounds, probes } = await measure(["/healthz", "/empty"], "hangs", ROUNDS);
    const pairs = rounds.map((latencies) => {
      const [healthz = 0, empty = 0] = ["/healthz", "/empty"].map((path) =>
        quantile(latencies[path] ?? [], 0.99),
      );
      return { healthz, empty, ratio: healthz / empty };
    });
    const shown = pairs.map(({ healthz, empty }) => `${healthz.toFixed(2)}/${empty.toFixed(2)}`);
    return {
      value: median(pairs.map(({ ratio }) => ratio)),
      detail: [
        `p99 in ms of /healthz and of an empty answer: ${shown.join(", ")}`,
        `${ROUNDS} rounds of ${SECONDS} s at ${RATE / 2}/s each`,
        `probes that hang: ${probes.length}`,
      ].join("; "),
    };
  },
};

/**
 * How often the dependency is probed in one interval while `/readyz` is asked 500 times a second.
 */
const readyzProbes: Figure = {
  name: "readyz-looks-per-interval",
  unit: "probes",
  bar: 1,
  measure: async () => {
    const { rounds, probes } = await measure(["/readyz"], "answers", 1);
    // The first probe also loads the driver and connects, so counting starts after it.
    const [, first = 0] = probes;
    const intervals = ((probes.at(-1) ?? 0) - first) / INTERVAL_MS;
    return {
      value: Math.round(((probes.length - 2) / intervals) * 100) / 100,
      detail: `${probes.length - 1} probes in ${(intervals * INTERVAL_MS).toFixed(0)} ms for ${rounds[0]?.["/readyz"]?.length} requests`,
    };
  },
};

export const healthFigures: readonly Figure[] = [healthzHung, readyzProbes];

interface Load {
  /** Latencies in milliseconds by path, of each round. */
  readonly rounds: readonly Readonly<Record<string, readonly number[]>>[];
  /** Times of the dependency's probes. */
  readonly probes: readonly number[];
}

async function measure(
  paths: readonly string[],
  dependency: "hangs" | "answers",
  count: number,
): Promise<Load> {
  const probes: number[] = [];
  const server = createServer((_, response) => {
    probes.push(performance.now());
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
    const rounds = [];
    for (let round = 0; round < count; round += 1) {
      const asked = await load(urls, SECONDS);
      const byPath = paths.map((path, at) => [
        path,
        asked.filter((_, it) => it % paths.length === at),
      ]);
      rounds.push(Object.fromEntries(byPath));
    }
    return { rounds, probes };
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
