import { expect, test, vi } from "vitest";
import { startHttpServer } from "../../../testing/http-server.ts";
import { probeOnce, startHungServer, watch, type Watched } from "../../../testing/probe-watch.ts";

/** Most time that a probe takes on a busy machine, in ms. */
const PATIENCE_MS = 10_000;

/** Of the URL of a probe that is not called by it. */
const SCHEMES: Readonly<Record<string, string>> = { clock: "postgres", queue: "redis" };

test.each<Watched>([
  { kind: "postgres", urlEnv: "STORE_URL" },
  { kind: "clock", urlEnv: "STORE_URL" },
  { kind: "redis", urlEnv: "STORE_URL" },
  { kind: "queue", urlEnv: "STORE_URL", key: "jobs" },
  { kind: "http", urlEnv: "STORE_URL" },
])(
  "a $kind that takes connections and never answers fails in time, and says no host",
  async (probe) => {
    const { port } = await startHungServer();
    const scheme = SCHEMES[probe.kind] ?? probe.kind;
    const env = { STORE_URL: `${scheme}://127.0.0.1:${port}/0` };
    const loop = watch(probe, { env, timeoutMs: 200 });

    await vi.waitFor(() => expect(loop.result().state).toBe("failed"), { timeout: 10_000 });
    const first = loop.result();
    await vi.waitFor(
      () => expect(loop.result().checkedAt).not.toEqual(first.checkedAt),
      PATIENCE_MS,
    );

    expect(first.error).toBe("no answer within 200 ms");
  },
);

test.each<Watched>([
  { kind: "postgres", urlEnv: "STORE_URL" },
  { kind: "redis", urlEnv: "STORE_URL" },
])("a $kind that refuses connections is told so, without its host", async (probe) => {
  const result = await probeOnce(probe, {
    env: { STORE_URL: `${probe.kind}://u:p@127.0.0.1:1/0` },
  });

  expect(result).toMatchObject({ state: "failed", error: "connection refused" });
});

test("an HTTP check is ok with 2xx and 3xx, or with exactly the wanted status", async () => {
  const { url } = await startHttpServer(({ url: path }) => ({ status: Number(path.slice(1)) }));
  const stateOf = async (path: string, status?: number): Promise<string> =>
    (await probeOnce({ kind: "http", url: `${url}${path}`, ...(status ? { status } : {}) })).state;

  const states = [
    await stateOf("/204"),
    await stateOf("/302"),
    await stateOf("/503"),
    await stateOf("/401", 401),
    await stateOf("/200", 401),
  ];

  expect(states).toEqual(["ok", "ok", "failed", "ok", "failed"]);
});

test("a path of the app is asked where the app answers, and fails while it has not started", async () => {
  const { url } = await startHttpServer(() => ({ status: 200 }));
  const probe: Watched = { kind: "http", path: "/_stcore/health" };

  const before = await probeOnce(probe, { appUrl: () => undefined });
  const after = await probeOnce(probe, { appUrl: () => url });

  expect([before.error, after.state]).toEqual(["the app has not started", "ok"]);
});

test("a TCP port that takes a connection is ok, one that refuses is not", async () => {
  const { port } = await startHungServer();

  const open = await probeOnce({ kind: "tcp", host: "127.0.0.1", port });
  const closed = await probeOnce({ kind: "tcp", host: "127.0.0.1", port: 1 });

  expect([open.state, closed.error]).toEqual(["ok", "connection refused"]);
});
