import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { EXIT } from "../../contract/exit-code.ts";
import { flushScene, stock } from "../../../testing/flush-scene.ts";
import { clockAt } from "../../../testing/job-context.ts";
import { work as flushAlerts } from "./work.ts";

const AT = clockAt("2026-01-06T20:00:00Z");

test("the state survives a fresh container, and the order of keys is no change", async () => {
  const given = await flushScene();
  await flushAlerts(given.context(), AT);

  given.write(stock(7).map(({ title, sku }) => ({ title, sku })));
  expect((await flushAlerts(given.context(), AT)).details).toMatchObject({ result: "no_change" });
  given.write(stock(8));
  expect((await flushAlerts(given.context(), AT)).details).toMatchObject({ result: "sent" });
  given.write(stock(7));
  expect((await flushAlerts(given.context(), AT)).details).toMatchObject({ result: "sent" });
  expect(given.posts()).toHaveLength(3);
});

test("a silenced run sends nothing and keeps the old fingerprint, so that the end of the silence tells", async () => {
  const given = await flushScene();
  await flushAlerts(given.context(), AT);
  given.write(stock(9));

  const silencedUntil = new Date("2026-01-06T20:30:00Z");
  expect(await flushAlerts(given.context({ silencedUntil }), AT)).toEqual({
    status: "skipped",
    details: { result: "silenced", silencedUntil: "2026-01-06T20:30:00.000Z" },
  });

  expect(given.posts()).toHaveLength(1);
  expect((await flushAlerts(given.context(), AT)).details).toMatchObject({ result: "sent" });
});

test("resend sends what is there again and leaves what was remembered as it was", async () => {
  const given = await flushScene();
  const resend = { input: { resend: true } };

  expect((await flushAlerts(given.context(resend), AT)).details).toMatchObject({ result: "sent" });
  expect((await flushAlerts(given.context(), AT)).details).toMatchObject({ result: "sent" });
  const before = readFileSync(given.state, "utf8");
  expect((await flushAlerts(given.context(resend), AT)).details).toMatchObject({ result: "sent" });

  expect(readFileSync(given.state, "utf8")).toBe(before);
  expect(given.posts()).toHaveLength(3);
});

test("a state that cannot be understood is told and sent over, rather than losing an alert", async () => {
  const given = await flushScene();
  await flushAlerts(given.context(), AT);
  writeFileSync(given.state, '{"fingerprint": 7');

  expect((await flushAlerts(given.context(), AT)).details).toMatchObject({ result: "sent" });
  writeFileSync(given.state, '{"fingerprint": "of another program"}');
  expect((await flushAlerts(given.context(), AT)).details).toMatchObject({ result: "sent" });
  expect(given.lines).toMatchObject([{ level: "warn" }, { level: "warn" }]);
});

test("without a place for the state the run is refused before anything is sent", async () => {
  const given = await flushScene();
  const { state: _state, ...options } = given.options;

  await expect(flushAlerts(given.context({ options }), AT)).rejects.toMatchObject({
    exitCode: EXIT.configuration,
    message: expect.stringContaining("jobs/job/options/state: there is no place"),
  });
  expect(given.posts()).toEqual([]);
});

test("a state file that cannot be read is a temporary failure, and nothing is sent", async () => {
  const given = await flushScene();
  rmSync(given.state, { force: true });
  mkdirSync(given.state, { recursive: true });

  await expect(flushAlerts(given.context(), AT)).rejects.toMatchObject({
    exitCode: EXIT.temporary,
    message: expect.stringContaining("the delivered fingerprints could not be read"),
  });
  expect(given.posts()).toEqual([]);
});
