import { expect, test } from "vitest";
import type { AlertEvent } from "../../contract/alert-event.ts";
import { clockAt } from "../../../testing/job-context.ts";
import { listSink } from "../../../testing/list-sink.ts";
import { scratchManifest } from "../../../testing/scratch-process.ts";
import { tellStart } from "./start-summary.ts";

/** The one message about such a start. */
async function told(summary: { ok: string[]; failed: string[] }): Promise<AlertEvent | undefined> {
  const alerts = listSink();
  const { sent } = alerts;
  const manifest = scratchManifest({ jobs: [] });
  const clock = clockAt("2026-01-06T22:00:00Z");
  await tellStart({ manifest, alerts, clock }, { ...summary, durationMs: 1200 });
  expect(sent).toHaveLength(1);
  return sent[0];
}

test("a start whose caches are all read is a notice, with one key for every start", async () => {
  const event = await told({ ok: ["clans", "templates"], failed: [] });

  expect(event).toMatchObject({
    kind: "notice",
    key: "shop/web/caches/ok",
    title: "shop: 2 of 2 caches of web were refreshed at the start",
    details: { ok: ["clans", "templates"], failed: [], durationMs: 1200 },
  });
});

test("a cache that could not be read makes it a failure that names it", async () => {
  const event = await told({ ok: ["clans"], failed: ["templates"] });

  expect(event).toMatchObject({
    kind: "fail",
    key: "shop/web/caches/fail",
    title: "shop: 1 of 2 caches of web were refreshed at the start; not templates",
  });
});
