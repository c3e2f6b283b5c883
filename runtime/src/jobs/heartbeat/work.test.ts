import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { JobContext } from "../definition.ts";
import { clockAt, jobContext } from "../../../testing/job-context.ts";
import { RUNTIME_VERSION } from "../../version.ts";
import { work as writeHeartbeat } from "./work.ts";

const AT = clockAt("2026-01-06T06:00:00Z");

test("a snapshot tells versions, directories and which variables are set, never to what", async () => {
  const given = setting({
    env: { PATH: process.env["PATH"], SENDGRID_API_KEY: "hunter2", EMPTY: "" },
    options: {
      variables: ["SENDGRID_API_KEY", "EMPTY", "WEBHOOK_URL"],
      directories: ["snapshots", "backups", "logs"],
      programs: [process.execPath, "no-such-program"],
    },
  });
  mkdirSync(join(given.directory, "backups"));
  writeFileSync(join(given.directory, "logs"), "a file where a directory should be");

  const outcome = await writeHeartbeat(given, AT);

  const text = readFileSync(
    join(given.directory, "snapshots/heartbeat_20260106_060000.csv"),
    "utf8",
  );
  expect(text).toBe(`section,key,value
version,runtime,${RUNTIME_VERSION}
version,node,${process.versions.node}
version,${process.execPath},${process.version}
version,no-such-program,MISSING
directory,snapshots,CREATED
directory,backups,OK
directory,logs,ERROR
env,SENDGRID_API_KEY,SET
env,EMPTY,MISSING
env,WEBHOOK_URL,MISSING
`);
  expect(outcome).toEqual({
    status: "ok",
    details: {
      file: "snapshots/heartbeat_20260106_060000.csv",
      errors: ["logs"],
      missing: ["no-such-program", "EMPTY", "WEBHOOK_URL"],
    },
  });
});

test("two snapshots in one second have two names, and nothing half-written stays", async () => {
  const given = setting({ options: { programs: [] } });

  await Promise.all([writeHeartbeat(given, AT), writeHeartbeat(given, AT)]);

  expect(readdirSync(join(given.directory, "snapshots")).toSorted()).toEqual([
    "heartbeat_20260106_060000.csv",
    "heartbeat_20260106_060000_1.csv",
  ]);
});

test("a disk that is not there fails the run, and the record still tells what was seen", async () => {
  const given = setting({ options: { programs: [], directories: [] } });
  symlinkSync("/nonexistent/snapshots", join(given.directory, "snapshots"));

  await expect(writeHeartbeat(given, AT)).rejects.toMatchObject({
    message: "snapshots: the snapshot could not be written: not found.",
    details: {
      observations: expect.arrayContaining([
        { section: "directory", key: "snapshots", value: "ERROR" },
      ]),
    },
  });
});

test("a dry run says which file it would write, and writes nothing", async () => {
  const given = setting({ dryRun: true });

  expect(await writeHeartbeat(given, AT)).toEqual({
    status: "skipped",
    details: { dryRun: true, wouldWrite: "snapshots/heartbeat_20260106_060000.csv" },
  });
  expect(readdirSync(given.directory)).toEqual([]);
});

function setting(given: Partial<JobContext>) {
  return jobContext({ directory: mkdtempSync(join(tmpdir(), "heartbeat-")), ...given });
}
