import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { handClock, listChannel, scratchAlerts } from "../../testing/scratch-alerts.ts";
import { FAILED, RECOVERED } from "../../testing/scratch-event.ts";
import type { ManifestJob } from "../contract/job.ts";

const FILE = "alerts_silenced.json";

const JOBS: ManifestJob[] = [
  { name: "digest", uses: "command", startedBy: "schedule", silencedBy: FILE },
];

const REQUEST = { minutes: 30, reason: "deploy", by: "ada" };

function scene() {
  const channel = listChannel("ops");
  const clock = handClock();
  const { alerts, lines, directory } = scratchAlerts([channel], {
    clock,
    manifest: { jobs: JOBS },
    rules: { limitMs: 0 },
  });
  return { alerts, channel, clock, lines, file: join(directory, FILE) };
}

test("a silence holds until its time is over, and ends by itself", async () => {
  const { alerts, channel, clock } = scene();
  await alerts.silences.add(REQUEST);

  const during = await alerts.send(FAILED);
  clock.passSeconds(1799);
  const atTheEnd = await alerts.send(FAILED);
  clock.passSeconds(1);
  const after = await alerts.send(FAILED);

  expect([during, atTheEnd, after, channel.messages.length]).toEqual([
    "silenced",
    "silenced",
    "sent",
    1,
  ]);
});

test("the end of what was silenced is not told, and the end of what was told before is over quietly", async () => {
  const { alerts, channel, clock } = scene();
  await alerts.send({ ...FAILED, key: "shop/trim/fail" });
  await alerts.silences.add({ ...REQUEST, minutes: 1 });
  await alerts.send(FAILED);
  await alerts.send({ ...RECOVERED, key: "shop/trim/fail" });
  clock.passSeconds(61);

  const ends = [
    await alerts.send(RECOVERED),
    await alerts.send({ ...RECOVERED, key: "shop/trim/fail" }),
  ];

  expect([ends, channel.messages.length]).toEqual([["suppressed", "suppressed"], 1]);
});

test("a silence is told with who asked, and can be cancelled", async () => {
  const { alerts } = scene();
  const added = await alerts.silences.add(REQUEST);

  const listed = await alerts.silences.list();
  const cancelled = await alerts.silences.cancel();

  expect(listed).toEqual([added]);
  expect(added).toMatchObject({
    by: "ada",
    reason: "deploy",
    match: null,
    since: "2026-11-22T10:00:00.000Z",
    until: "2026-11-22T10:30:00.000Z",
  });
  expect([cancelled, await alerts.silences.list(), await alerts.send(FAILED)]).toEqual([
    1,
    [],
    "sent",
  ]);
});

test("a silence of some alerts leaves the others", async () => {
  const { alerts } = scene();
  await alerts.silences.add({ ...REQUEST, match: "Digest" });

  expect([
    await alerts.send(FAILED),
    await alerts.send({ ...FAILED, job: "trim", key: "shop/trim/fail" }),
  ]).toEqual(["silenced", "sent"]);
});

test.for([0, 241, -1, Number.NaN])("%s minutes are refused", async (minutes) => {
  const { alerts } = scene();

  await expect(alerts.silences.add({ ...REQUEST, minutes })).rejects.toThrow(
    /^minutes: should be between 1 and 240, got/,
  );
});

test("the file of vega-cockpit's page is written with a silence and removed with it", async () => {
  const { alerts, clock, file } = scene();

  await alerts.silences.add(REQUEST);
  const written: unknown = JSON.parse(readFileSync(file, "utf8"));
  await alerts.silences.cancel();

  const until = clock.now().getTime() / 1000 + 1800;
  expect(written).toEqual({ silenced_until: until, reason: "deploy" });
  expect(existsSync(file)).toBe(false);
});

test("the end of one silence removes the file that was written for it, and no other", async () => {
  const { alerts, clock, file } = scene();

  const { id } = await alerts.silences.add(REQUEST);
  expect(await alerts.silences.cancel(id)).toBe(1);
  expect([existsSync(file), await alerts.silences.list()]).toEqual([false, []]);

  const other = await alerts.silences.add({ ...REQUEST, match: "something else" });
  writeFileSync(file, JSON.stringify({ silenced_until: clock.now().getTime() / 1000 + 600 }));
  await alerts.silences.cancel(other.id);
  expect(existsSync(file)).toBe(true);
});

test("a silenced alert leaves a line in the log", async () => {
  const { alerts, lines } = scene();
  await alerts.silences.add(REQUEST);

  await alerts.send(FAILED);

  expect(lines).toContainEqual(expect.objectContaining({ msg: "alert silenced", key: FAILED.key }));
});

test("a silence that the page wrote silences the alerts of that job, is listed and can be cancelled", async () => {
  const { alerts, clock, file } = scene();
  const until = clock.now().getTime() / 1000 + 600;
  writeFileSync(file, JSON.stringify({ silenced_until: until, reason: "by hand" }));

  const silenced = await alerts.send(FAILED);
  const listed = await alerts.silences.list();
  const cancelled = await alerts.silences.cancel(`file:${FILE}`);

  expect([silenced, cancelled, await alerts.send(FAILED)]).toEqual(["silenced", 1, "sent"]);
  expect(listed).toMatchObject([{ id: `file:${FILE}`, until: "2026-11-22T10:10:00.000Z" }]);
});

test("a file that cannot be read silences nothing, with a warning", async () => {
  const { alerts, file, lines } = scene();
  writeFileSync(file, "{ silenced");

  expect(await alerts.send(FAILED)).toBe("sent");
  expect(lines).toContainEqual(expect.objectContaining({ level: "warn", path: FILE }));
});
