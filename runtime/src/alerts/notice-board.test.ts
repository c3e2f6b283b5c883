import { expect, test } from "vitest";
import { handClock, listChannel, scratchAlerts } from "../../testing/scratch-alerts.ts";
import { createNoticeBoard } from "./notice-board.ts";
import { scratchDirectory } from "../../testing/scratch-directory.ts";

const LATE = {
  kind: "late",
  job: "digest",
  title: "shop: digest did not run",
  details: {},
} as const;
const OVER = {
  kind: "recovered",
  job: "digest",
  title: "shop: digest runs again",
  details: {},
} as const;

function scene() {
  const clock = handClock();
  const directory = scratchDirectory();
  const channel = listChannel("ops");
  const stores = { records: { kind: "file" as const, path: "runs.jsonl" } };
  const start = () => {
    const options = { clock, directory, manifest: { stores }, rules: { limitMs: 0 } };
    const { alerts } = scratchAlerts([channel], options);
    const manifest = { system: "shop", stack: "shop", process: "web" };
    return { alerts, board: createNoticeBoard({ manifest, alerts, clock }) };
  };
  const kinds = () => channel.messages.flatMap((it) => it.items.map(({ event }) => event.kind));
  return { start, clock, kinds };
}

test("what another instance told is not told again, and its end is told once", async () => {
  const { start, kinds } = scene();
  const [one, two] = [start().board, start().board];

  for (const board of [one, two]) await board.set("digest/late", { raised: LATE });
  for (const board of [two, one]) await board.set("digest/late", { over: OVER });

  expect(kinds()).toEqual(["late", "recovered"]);
});

test("the end of what was told before a restart is told after it", async () => {
  const { start, kinds } = scene();
  await start().board.set("digest/late", { raised: LATE });

  const { board } = start();
  await board.set("digest/late", { over: OVER });
  await board.set("digest/late", { over: OVER });

  expect(kinds()).toEqual(["late", "recovered"]);
});

test("what lasts longer than a silence is told when that is over", async () => {
  const { start, clock, kinds } = scene();
  const { alerts, board } = start();
  await alerts.silences.add({ minutes: 10, reason: "deploy", by: "ada" });

  await board.set("digest/late", { raised: LATE });
  const during = kinds();
  clock.passSeconds(601);
  await board.set("digest/late", { raised: LATE });
  await board.set("digest/late", { raised: LATE });

  expect([during, kinds()]).toEqual([[], ["late"]]);
});
