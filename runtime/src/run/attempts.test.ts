import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import type { JobContext } from "../jobs/definition.ts";
import { scratchProcess } from "../../testing/scratch-process.ts";
import { makeAttempts } from "./attempts.ts";
import { planRun } from "./run.ts";

const NEVER = new Promise<never>(() => undefined);

test("work that does not end when it must is given up after its grace, and said to be stuck", async () => {
  const { process } = await scratchProcess({
    jobs: [{ name: "deaf", command: "true", deadlineSeconds: 1, graceSeconds: 1 }],
  });
  const run = planRun(process, { job: "deaf", actor: "schedule" });

  const attempts = await makeAttempts(run, async () => () => NEVER);

  expect(attempts).toMatchObject({ isStuck: true, outcome: { status: "timed-out", attempt: 1 } });
});

test("work knows its run, its options with their defaults, and when it must end", async () => {
  const { process, directory } = await scratchProcess({
    jobs: [
      {
        name: "trim",
        uses: "dead-letter-trim",
        options: { keep: { env: "DEAD_LETTER_KEEP", default: 100 } },
        graceSeconds: 7,
        deadlineSeconds: 1,
        schedule: { pattern: "0 * * * *", timezone: "America/Mazatlan" },
      },
    ],
    env: { DEAD_LETTER_KEEP: "5" },
  });
  const run = planRun(process, { job: "trim", actor: "manual ann" });
  let seen: JobContext | undefined;

  const { outcome } = await makeAttempts(run, async () => async (context) => {
    seen = context;
    await sleep(60_000, undefined, { signal: context.signal }).catch(() => undefined);
    return { status: "ok", details: {} };
  });

  expect(outcome.status).toBe("timed-out");
  expect(seen).toMatchObject({
    job: "trim",
    attempt: 1,
    actor: "manual ann",
    options: { keep: 5 },
    graceMs: 7_000,
    timezone: "America/Mazatlan",
    directory,
    dryRun: false,
  });
});
