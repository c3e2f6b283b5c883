import { expect, test } from "vitest";
import { CATALOG } from "./catalog.ts";
import { loadWork } from "./work.ts";

test.each(Object.keys(CATALOG))("the job %s of the catalog can be done", async (name) => {
  expect(await loadWork(name)).toBeTypeOf("function");
});
