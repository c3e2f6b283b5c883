import { expect, test } from "vitest";
import { CATALOG } from "./catalog.ts";
import { jobWork } from "./registry.ts";

test.each(Object.keys(CATALOG))("the job %s of the catalog can be done", async (name) => {
  expect(await jobWork(name)).toBeTypeOf("function");
});
