import { expect, test } from "vitest";
import { handClock, listChannel, scratchAlerts } from "../../testing/scratch-alerts.ts";
import { statefulAlerts } from "./stateful-alert.ts";
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
  const stores = { records: { kind: "sqlite" as const, path: "runs.db" } };
  const start = () => {
    const options = { clock, directory, manifest: { stores }, rules: { limitMs: 0 } };
    const { alerts } = scratchAlerts([channel], options);
    const manifest = { system: "shop", stack: "shop", process: "web" };
    return { alerts, stateful: statefulAlerts({ manifest, alerts, clock }) };
  };
  const kinds = () => channel.messages.flatMap((it) => it.items.map(({ event }) => event.kind));
  return { start, clock, kinds };
}

test("what another instance told is not told again, and its end is told once", async () => {
  const { start, kinds } = scene();
  const [one, two] = [start().stateful, start().stateful];

  for (const stateful of [one, two]) await stateful.set("digest/late", { raised: LATE });
  for (const stateful of [two, one]) await stateful.set("digest/late", { resolved: OVER });

  expect(kinds()).toEqual(["late", "recovered"]);
});

test("the end of what was told before a restart is told after it", async () => {
  const { start, kinds } = scene();
  await start().stateful.set("digest/late", { raised: LATE });

  const { stateful } = start();
  await stateful.set("digest/late", { resolved: OVER });
  await stateful.set("digest/late", { resolved: OVER });

  expect(kinds()).toEqual(["late", "recovered"]);
});

test("what lasts longer than a silence is told when that is over", async () => {
  const { start, clock, kinds } = scene();
  const { alerts, stateful } = start();
  await alerts.silences.add({ minutes: 10, reason: "deploy", by: "ada" });

  await stateful.set("digest/late", { raised: LATE });
  const during = kinds();
  clock.passSeconds(601);
  await stateful.set("digest/late", { raised: LATE });
  await stateful.set("digest/late", { raised: LATE });

  expect([during, kinds()]).toEqual([[], ["late"]]);
});
