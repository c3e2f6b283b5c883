import { tmpdir } from "node:os";
import { expect, test } from "vitest";
import { JobFailure } from "../definition.ts";
import { jobContext } from "../../../testing/job-context.ts";
import { work as reconcile } from "./work.ts";

function given(command: string, more: { options?: object; input?: object; dryRun?: boolean } = {}) {
  const { options = {}, input = {}, dryRun = false } = more;
  return jobContext({
    directory: tmpdir(),
    env: { PATH: process.env["PATH"] },
    options: { command, ...options },
    input: { ...input },
    dryRun,
  });
}

test("the command gets the limit, and its last line of JSON is the result", async () => {
  const script = `echo starting; echo '{"resolved":2,"failed":1,"limit":"'$OPSPEC_LIMIT'/'$WEBHOOK_REPLAY_LIMIT'"}'; echo Done.`;

  const outcome = await reconcile(
    given(script, { options: { limitEnv: "WEBHOOK_REPLAY_LIMIT", limit: 7 } }),
  );

  expect(outcome).toEqual({
    status: "ok",
    exitCode: 0,
    details: { limit: 7, result: { resolved: 2, failed: 1, limit: "7/7" } },
  });
});

test("twenty entries without a word, and what a person says wins", async () => {
  const usual = await reconcile(given("true"));
  const byHand = await reconcile(given("true", { options: { limit: 7 }, input: { limit: 3 } }));

  expect([usual.details, byHand.details]).toEqual([{ limit: 20 }, { limit: 3 }]);
});

test("only a command that could not work at all fails the run, with what it said", async () => {
  const script = `echo '{"resolved":0}'; echo 'no STRIPE_SECRET_KEY' >&2; exit 1`;

  const error = await reconcile(given(script)).catch((it: unknown) => it);

  expect(error).toBeInstanceOf(JobFailure);
  expect(error).toMatchObject({ exitCode: 1, details: { limit: 20, result: { resolved: 0 } } });
  expect(String(error)).toContain("the command ended with 1");
});

test("a dry run runs nothing", async () => {
  const outcome = await reconcile(given("exit 1", { dryRun: true }));

  const details = { dryRun: true, wouldRun: "exit 1", limit: 20 };
  expect(outcome).toEqual({ status: "skipped", details });
});
