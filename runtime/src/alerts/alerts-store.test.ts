import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test, type TestContext } from "vitest";
import type { ManifestStores } from "../contract/store.ts";
import { startTcpServer } from "../../testing/tcp-server.ts";
import { startHttpServer } from "../../testing/http-server.ts";
import { handClock, listChannel, scratchAlerts } from "../../testing/scratch-alerts.ts";
import { FAILED, RECOVERED } from "../../testing/scratch-event.ts";
import { usePostgres } from "../../testing/servers.ts";
import { countOf } from "./alert-message.ts";
import { ChannelError } from "./channels/channel.ts";
import { scratchDirectory } from "../../testing/scratch-directory.ts";

const postgres = usePostgres();

type Place = { stores: ManifestStores; env?: Record<string, string> };

const PLACES: Readonly<Record<string, (context: TestContext) => Promise<Place>>> = {
  sqlite: async () => ({ stores: { records: { kind: "sqlite", path: "runs.db" } } }),
  postgres: async (context) => ({
    stores: { records: { kind: "postgres", urlEnv: "URL" } },
    env: { URL: await (await postgres(context)).freshDatabase() },
  }),
};

const KINDS = Object.keys(PLACES);

/** Processes of one stack that share a store, each with a channel that keeps what it is sent. */
async function processes(kind: string, context: TestContext) {
  const { stores, env = {} } = (await PLACES[kind]?.(context)) ?? { stores: {} };
  const clock = handClock();
  const directory = scratchDirectory();
  const messages: number[] = [];
  const open = (behave?: () => Promise<void>) => {
    const channel = listChannel("ops", async (message) => {
      await behave?.();
      messages.push(countOf(message));
    });
    return scratchAlerts([channel], { clock, directory, env, manifest: { stores } }).alerts;
  };
  return { open, messages, clock };
}

test.for(KINDS)("%s: several instances that tell the same tell it once", async (kind, context) => {
  const { open, messages, clock } = await processes(kind, context);
  const instances = [open(), open(), open()];

  await Promise.all(instances.map((it) => it.send(FAILED)));
  clock.passSeconds(60);
  await Promise.all(instances.map((it) => it.send(RECOVERED)));

  // One message, and one that it is over, which counts what the other two said.
  expect(messages).toEqual([1, 3]);
});

test.for(KINDS)("%s: what was told is remembered by the next process", async (kind, context) => {
  const { open, messages, clock } = await processes(kind, context);
  const first = open();
  await first.send(FAILED);
  await first.close(1000);

  const second = open();
  const wasFiring = await second.isFiring(FAILED.key);
  const again = await second.send(FAILED);
  clock.passSeconds(601);
  const late = await second.send(FAILED);

  expect([wasFiring, again, late, messages]).toEqual([true, "suppressed", "sent", [1, 2]]);
});

test.for(KINDS)(
  "%s: what is held when a process ends is sent by the next",
  async (kind, context) => {
    const { open, messages, clock } = await processes(kind, context);
    const first = open();
    await first.send(FAILED);
    await first.send({ ...FAILED, key: "shop/trim/fail" });
    await first.close(0);
    const before = [...messages];

    clock.passSeconds(11);
    open().start();

    await expect.poll(() => messages, { timeout: 5000 }).toEqual([1, 1]);
    expect(before).toEqual([1]);
  },
);

test.for(KINDS)(
  "%s: a sender that vanished is followed by one duplicate at most",
  async (kind, context) => {
    const { open, messages, clock } = await processes(kind, context);
    // It is killed between the sending and the note of it: its channel never returns.
    const isSending = Promise.withResolvers<void>();
    const killed = open(() => {
      isSending.resolve();
      return new Promise(() => {});
    });
    void killed.send(FAILED);
    await isSending.promise;
    const successor = open();
    const early = await successor.send(FAILED);
    const before = [...messages];

    clock.passSeconds(61);
    successor.start();
    await expect.poll(() => messages.length, { timeout: 5000 }).toBe(1);
    clock.passSeconds(100);
    const later = await open().send(FAILED);

    expect([early, before, later, messages]).toEqual(["suppressed", [], "suppressed", [2]]);
  },
);

test.for(KINDS)(
  "%s: many different alerts of several instances at once are each counted once",
  { timeout: 30_000 },
  async (kind, context) => {
    const { open, messages, clock } = await processes(kind, context);
    const instances = [open(), open(), open(), open()];

    await Promise.all(
      instances.map(async (it, number) => {
        for (const letter of "abcdefghijkl") {
          await it.send({ ...FAILED, key: `shop/${letter}${number}/fail` });
        }
      }),
    );
    clock.passSeconds(11);
    await instances[0]?.close(5000);

    expect(messages.length).toBe(2);
    expect(messages.reduce((sum, count) => sum + count, 0)).toBe(48);
  },
);

test("a store that is away stops no alert, with one warning and one note to the readers of each channel", async () => {
  let isDown = true;
  const channel = listChannel("ops");
  const other = listChannel("mail", () => {
    if (isDown) throw new ChannelError("HTTP 503", 0);
  });
  const clock = handClock();
  const { alerts, lines } = scratchAlerts([channel, other], {
    clock,
    env: { URL: "postgres://127.0.0.1:1/x" },
    manifest: { stores: { records: { kind: "postgres", urlEnv: "URL" } } },
    rules: { limitMs: 0 },
  });

  const deliveries = [];
  for (const key of ["a", "a", "b", "c"]) deliveries.push(await alerts.send({ ...FAILED, key }));

  expect(deliveries).toEqual(["sent", "suppressed", "sent", "sent"]);
  isDown = false;
  clock.passSeconds(29);
  await alerts.send({ ...FAILED, key: "d" });
  clock.passSeconds(2);
  await alerts.close(1000);
  expect(channel.messages.map((it) => it.note !== undefined)).toEqual([true, false, false, false]);
  expect(other.messages.map((it) => it.note !== undefined)).toEqual([true]);
  expect(lines.filter((it) => it["level"] === "warn")).toMatchObject([
    { msg: "the alert store is down: alerts are sent, and may come twice" },
  ]);
});

test.for(["postgres"] as const)(
  "%s: a store that hangs delays an alert by seconds, once, and does not keep the process up",
  { timeout: 30_000 },
  async (kind) => {
    const silent = await startTcpServer(() => {});
    const channel = listChannel("ops");
    const { alerts } = scratchAlerts([channel], {
      env: { URL: `${kind}://user:secret@127.0.0.1:${silent.port}/1` },
      manifest: { stores: { records: { kind, urlEnv: "URL" } } },
      rules: { limitMs: 0 },
    });

    const first = await alerts.send(FAILED);
    const startMs = performance.now();
    const second = await alerts.send({ ...FAILED, key: "shop/trim/fail" });
    const secondMs = performance.now() - startMs;
    await alerts.close(2000);

    expect([first, second, channel.messages.length]).toEqual(["sent", "sent", 2]);
    expect(secondMs).toBeLessThan(2000);
  },
);

test("what was told while the store was away is known once it is back", async () => {
  const directory = scratchDirectory();
  const stores: ManifestStores = { records: { kind: "sqlite", path: "state/runs.db" } };
  const channel = listChannel("ops");
  const clock = handClock();
  const options = { directory, clock, manifest: { stores }, rules: { limitMs: 0 } };
  const { alerts, lines } = scratchAlerts([channel], options);
  writeFileSync(join(directory, "state"), "a file where the directory should be");

  await alerts.send(FAILED);
  rmSync(join(directory, "state"));
  clock.passSeconds(31);
  await alerts.send({ ...FAILED, key: "shop/trim/fail" });
  const other = scratchAlerts([channel], options).alerts;

  expect(await other.send(FAILED)).toBe("suppressed");
  expect(lines.map((it) => it["msg"])).toContain("the alert store is up again");
});

test("a run that is killed while its message is on the way: one duplicate, then none", async () => {
  const directory = scratchDirectory();
  const children: ChildProcess[] = [];
  let isKilling = true;
  const server = await startHttpServer(() => {
    if (isKilling) children[0]?.kill("SIGKILL");
    return isKilling ? "hang" : { status: 204 };
  });
  const start = async (): Promise<number | null> => {
    const program = join(import.meta.dirname, "../../testing/alert-program.ts");
    const child = spawn(process.execPath, [program, directory], {
      env: { WEBHOOK_URL: server.url },
      stdio: "ignore",
    });
    children.unshift(child);
    onTestFinished(() => void child.kill("SIGKILL"));
    const [code] = await once(child, "exit");
    return code;
  };

  await start();
  isKilling = false;
  // Whoever comes next finds a message on its way, and its sender gone after a minute.
  const clock = handClock(new Date(Date.now() + 61_000).toISOString());
  const channel = listChannel("ops");
  const stores: ManifestStores = { records: { kind: "sqlite", path: "runs.db" } };
  const { alerts } = scratchAlerts([channel], { directory, clock, manifest: { stores } });
  alerts.start();
  await expect.poll(() => channel.messages.length, { timeout: 10_000 }).toBe(1);
  const again = await alerts.send(FAILED);

  expect([server.seen.length, again, channel.messages.map(countOf)]).toEqual([
    1,
    "suppressed",
    [1],
  ]);
});

test("a run of a cron job sends its alert before it ends, and ends by itself", async () => {
  const server = await startHttpServer(() => ({ status: 204 }));
  const program = join(import.meta.dirname, "../../testing/alert-program.ts");
  const child = spawn(process.execPath, [program, scratchDirectory()], {
    env: { WEBHOOK_URL: server.url },
    stdio: "ignore",
  });

  const [code] = await once(child, "exit");

  expect([code, server.seen.length]).toEqual([0, 1]);
});

test("what waits for a message of another process follows it before the process ends", async (context) => {
  const { open, messages, clock } = await processes("sqlite", context);
  const isSending = Promise.withResolvers<void>();
  const mayArrive = Promise.withResolvers<void>();
  const first = open(async () => {
    isSending.resolve();
    await mayArrive.promise;
  });
  const sending = first.send(FAILED);
  await isSending.promise;
  const second = open();
  await second.send({ ...FAILED, key: "shop/trim/fail" });

  const closing = second.close(20_000);
  mayArrive.resolve();
  await sending;
  clock.passSeconds(11);
  await closing;

  expect(messages).toEqual([1, 1]);
});

test("what could not be sent is sent by the next run, although that has nothing to tell", async (context) => {
  const { open, messages, clock } = await processes("sqlite", context);
  const first = open(() => Promise.reject(new Error("away")));
  await first.send(FAILED);
  await first.close(0);
  clock.passSeconds(31);

  await open().close(1000);

  expect(messages).toEqual([1]);
});
