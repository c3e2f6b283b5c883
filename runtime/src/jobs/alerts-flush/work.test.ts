import { rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { EXIT } from "../../contract/exit-code.ts";
import { FLUSH_SECRET, flushScene, stock } from "../../../testing/flush-scene.ts";
import { clockAt } from "../../../testing/job-context.ts";
import { work as flushAlerts } from "./work.ts";

const AT = clockAt("2026-01-06T20:00:00Z");

test("alerts are mailed as tables and posted as the cockpit expects them, once", async () => {
  const given = await flushScene();

  const first = await flushAlerts(given.context(), AT);
  const second = await flushAlerts(given.context(), AT);

  expect(first).toMatchObject({
    status: "ok",
    details: {
      result: "sent",
      counts: { low_stock: 7, orders: 0 },
      email: "ok",
      webhook: "ok",
    },
  });
  expect(second).toMatchObject({ status: "ok", details: { result: "no_change" } });
  expect(given.posts()).toEqual([
    {
      type: "alerts_update",
      payload: {
        low_stock: { count: 7, rows: stock(7).slice(0, 5) },
        orders: { count: 0, rows: [] },
      },
    },
  ]);
  const [mail, ...others] = given.mails();
  expect(others).toEqual([]);
  expect(mail).toMatchObject({
    subject: "Vega: 7 in 1 of 2",
    from: { email: "alerts@example.com" },
    personalizations: [{ to: [{ email: "a@example.com" }, { email: "b@example.com" }] }],
  });
  expect(mail?.content[1]?.value).toContain("Mug &lt;1&gt;");
  expect(mail?.content[1]?.value).toContain("… and 2 more.");
  expect(mail?.content[1]?.value).toContain("Nothing in: orders.");
});

test("columns that are left out change nothing and are not sent", async () => {
  const given = await flushScene({ columns: ["sku"] });
  await flushAlerts(given.context(), AT);

  given.write(stock(7).map((row) => ({ ...row, seen_at: "now" })));

  expect((await flushAlerts(given.context(), AT)).details).toMatchObject({ result: "no_change" });
  expect(given.posts()).toMatchObject([
    {
      payload: {
        low_stock: { rows: [{ sku: 1 }, { sku: 2 }, { sku: 3 }, { sku: 4 }, { sku: 5 }] },
      },
    },
  ]);
});

test("without keys all is skipped, which is no failure, and is not taken for sent", async () => {
  const given = await flushScene();
  const without = given.context({ env: {} });

  expect(await flushAlerts(without, AT)).toMatchObject({
    status: "skipped",
    details: {
      result: "skipped",
      email: "skipped",
      webhook: "skipped",
      why: {
        email: "ALERTS_EMAIL_FROM and ALERTS_EMAIL_TO are not set",
        webhook: "WEBHOOK_URL is not set",
      },
    },
  });
  expect((await flushAlerts(given.context(), AT)).details).toMatchObject({ result: "sent" });
});

test("alerts without receivers of their own go to the digest's", async () => {
  const given = await flushScene();
  const { ALERTS_EMAIL_FROM: _from, ALERTS_EMAIL_TO: _to, ...env } = given.env;

  await flushAlerts(given.context({ env }), AT);

  expect(given.mails()).toMatchObject([
    {
      from: { email: "digest@example.com" },
      personalizations: [{ to: [{ email: "team@example.com" }] }],
    },
  ]);
});

test("where one channel fails the other keeps what it accepted, and the next run tries the failed one alone", async () => {
  const given = await flushScene();
  given.webhookStatus = 400;

  const partly = await flushAlerts(given.context(), AT);
  expect(partly).toMatchObject({
    status: "ok",
    details: { result: "sent", email: "ok", webhook: "error", why: { webhook: "HTTP 400" } },
  });

  await expect(flushAlerts(given.context(), AT)).rejects.toMatchObject({
    message: "no channel accepted the alerts. webhook: HTTP 400.",
    details: { result: "error", email: "no_change", webhook: "error" },
  });

  given.webhookStatus = 200;
  expect((await flushAlerts(given.context(), AT)).details).toMatchObject({
    result: "sent",
    email: "no_change",
    webhook: "ok",
  });
  expect(given.mails()).toHaveLength(1);
  expect(given.posts()).toHaveLength(3);
});

test("when all fail the run fails, tells the provider's words without the key, and tries again", async () => {
  const given = await flushScene();
  given.webhookStatus = 404;
  given.mailStatus = 401;

  await expect(flushAlerts(given.context(), AT)).rejects.toMatchObject({
    exitCode: EXIT.temporary,
    message: expect.stringMatching(
      /^no channel accepted the alerts\. email: HTTP 401.*webhook: HTTP 404\.$/,
    ),
    details: { email: "error", webhook: "error" },
  });
  given.webhookStatus = 200;
  given.mailStatus = 202;
  expect((await flushAlerts(given.context(), AT)).details).toMatchObject({ email: "ok" });
  expect(JSON.stringify(given.lines)).not.toContain(FLUSH_SECRET);
});

test("a dry run says which channels it would use, and sends and remembers nothing", async () => {
  const given = await flushScene();

  expect(await flushAlerts(given.context({ dryRun: true }), AT)).toMatchObject({
    status: "skipped",
    details: { dryRun: true, counts: { low_stock: 7 }, wouldSend: ["email", "webhook"] },
  });
  expect(given.posts()).toEqual([]);
  await flushAlerts(given.context(), AT);
  const dry = await flushAlerts(given.context({ dryRun: true }), AT);
  expect(dry.details).toMatchObject({ wouldSend: [] });
});

test("a table that cannot be read sends nothing at all, and every such table is told", async () => {
  const given = await flushScene();
  rmSync(join(given.directory, "stock.json"));

  await expect(flushAlerts(given.context(), AT)).rejects.toMatchObject({
    message: "nothing was sent. low_stock: file stock.json: there is no such file.",
    exitCode: EXIT.temporary,
  });
  expect(given.posts()).toEqual([]);
});

test("a table whose variable is not set yet is left out, and a flush without any table is skipped", async () => {
  const given = await flushScene();
  const unset = { source: { kind: "http", urlEnv: "LATE_URL" } };
  const tabs = { ...given.options.tabs, late: unset };

  const partly = await flushAlerts(given.context({ options: { ...given.options, tabs } }), AT);
  expect(partly.details).toMatchObject({
    result: "sent",
    counts: { low_stock: 7, orders: 0 },
    notSet: ["late"],
  });
  expect(given.lines).toMatchObject([
    { level: "warn", tab: "late", msg: expect.stringContaining("LATE_URL is not set") },
  ]);

  const none = given.context({ options: { ...given.options, tabs: { late: unset } } });
  expect(await flushAlerts(none, AT)).toMatchObject({
    status: "skipped",
    details: { result: "skipped", notSet: ["late"] },
  });
  expect(given.posts()).toHaveLength(1);
});
