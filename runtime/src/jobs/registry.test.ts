import { expect, test } from "vitest";
import { CATALOG } from "../catalog.ts";
import { jobWork } from "./registry.ts";

/** The first jobs, which prove the framework; the others follow. */
const FIRST = ["command", "http", "heartbeat", "digest", "sqlite-backup"];

test.each(FIRST)("the job %s is in the catalog and can be done", async (name) => {
  expect(CATALOG[name]).toBeDefined();
  expect(await jobWork(name)).toBeTypeOf("function");
});

test("a job that this runtime cannot do is a configuration error that says what to do", async () => {
  await expect(jobWork("purge-all")).rejects.toThrow(
    "uses/purge-all: this runtime cannot do it. Deploy a newer runtime (runtimeSource); it does: command, http",
  );
});
