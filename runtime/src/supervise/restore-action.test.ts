import { restoreAction } from "./restore-action.ts";
import { expect, test } from "vitest";

/** An app with its data; each step is written down. */
function scene(
  trouble: { restore?: boolean; check?: (data: string) => boolean; back?: boolean } = {},
) {
  const log: string[] = [];
  const end = new AbortController();
  let data = "old";
  const steps = {
    stopApp: async () => void log.push("stop"),
    startApp: async () => void log.push(`start with ${data}`),
    restore: async () => {
      if (trouble.restore) throw new Error("the backup is damaged");
      data = "new";
      return {
        rollBack: async () => {
          if (trouble.back) throw new Error("the safety copy is gone");
          data = "old";
        },
      };
    },
    check: async () => {
      if (trouble.check?.(data)) throw new Error(`not well with ${data}`);
    },
    ending: end.signal,
  };
  return { log, steps, end };
}

test("a restore stops the app, restores, starts and checks", async () => {
  const { log, steps } = scene();

  expect(await restoreAction(steps)).toEqual({ outcome: "restored" });
  expect(log).toEqual(["stop", "start with new"]);
});

test("an app that is not well with the restored data runs with its old data again", async () => {
  const { log, steps } = scene({ check: (data) => data === "new" });

  expect(await restoreAction(steps)).toEqual({
    outcome: "rolled-back",
    error: "not well with new",
  });
  expect(log).toEqual(["stop", "start with new", "stop", "start with old"]);
});

test("a restore that fails leaves the app running with what it had", async () => {
  const { log, steps } = scene({ restore: true });

  expect(await restoreAction(steps)).toEqual({
    outcome: "not-restored",
    error: "the backup is damaged",
  });
  expect(log).toEqual(["stop", "start with old"]);
});

test("when going back fails too, both reasons are told and the app is started with what is there", async () => {
  const { log, steps } = scene({ check: () => true, back: true });

  expect(await restoreAction(steps)).toEqual({
    outcome: "broken",
    error: "not well with new; then the safety copy is gone",
  });
  expect(log).toEqual(["stop", "start with new", "stop", "start with new"]);
});

test("a process that ends while the app is looked at leaves the restored data in place", async () => {
  const { log, steps, end } = scene();
  const check = () => new Promise<never>(() => end.abort());

  expect(await restoreAction({ ...steps, check })).toEqual({
    outcome: "unchecked",
    error: "the process was asked to stop",
  });
  expect(log).toEqual(["stop", "start with new"]);
});

test("a process that ends while old data are brought back has brought them back", async () => {
  const { log, steps, end } = scene({ check: () => true });
  const startApp = async () => {
    if (log.filter((step) => step === "stop").length === 2) end.abort();
    await steps.startApp();
  };

  expect(await restoreAction({ ...steps, startApp })).toMatchObject({ outcome: "rolled-back" });
  expect(log.at(-1)).toBe("start with old");
});

test("an app that another operation has stopped is left to it, and nothing is restored", async () => {
  const { log, steps } = scene();
  expect(await restoreAction({ ...steps, stopApp: isStoppedAlready })).toEqual({
    outcome: "not-restored",
    error: "the app is stopped already, by another operation",
  });
  expect(log).toEqual([]);
});

async function isStoppedAlready(): Promise<void> {
  throw new Error("the app is stopped already, by another operation");
}
