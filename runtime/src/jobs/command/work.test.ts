import { tmpdir } from "node:os";
import { expect, test } from "vitest";
import { JobFailure } from "../definition.ts";
import { jobContext } from "../../../testing/job-context.ts";
import { ConfigurationError } from "../../contract/configuration-error.ts";
import { work as runCommand } from "./work.ts";

function given(options: Record<string, unknown>, isDry = false) {
  const env = { PATH: process.env["PATH"], APP_NAME: "shop" };
  return jobContext({ directory: tmpdir(), env, options, dryRun: isDry });
}

test("a command has the app's environment, knows its run, and writes into the log", async () => {
  const context = given({ command: "echo $APP_NAME $OPSPEC_JOB $OPSPEC_ATTEMPT $OPSPEC_ACTOR" });

  const outcome = await runCommand(context);

  expect(outcome).toEqual({ status: "ok", details: {}, exitCode: 0 });
  expect(context.lines.map(({ msg }) => msg)).toEqual(["shop job 1 schedule"]);
});

test.each([
  ["exit 3", "the command ended with 3", 3],
  ["echo no key >&2; exit 78", "the command ended with 78: no key", 78],
  ["kill -9 $$", "the command was ended by SIGKILL", undefined],
])("%s fails with the command's own code and its last line", async (command, message, exitCode) => {
  const error = await runCommand(given({ command })).catch((it: unknown) => it);

  expect(error).toBeInstanceOf(JobFailure);
  expect(error).toMatchObject({ message, exitCode });
});

test.each(["nowhere", "/dev/null"])(
  "a directory that is none, %s, is a wrong option",
  async (cwd) => {
    const error = await runCommand(given({ command: "pwd", cwd })).catch((it: unknown) => it);

    expect(error).toBeInstanceOf(ConfigurationError);
    expect(String(error)).toContain(`jobs/job/options/cwd: there is no directory ${cwd}.`);
  },
);

test("a dry run says what it would run and runs nothing", async () => {
  const outcome = await runCommand(given({ command: "exit 1" }, true));

  expect(outcome).toEqual({ status: "skipped", details: { dryRun: true, wouldRun: "exit 1" } });
});

test("a job without a command is refused by its name", async () => {
  await expect(runCommand(given({}))).rejects.toThrow("jobs/job/command: is missing.");
});
