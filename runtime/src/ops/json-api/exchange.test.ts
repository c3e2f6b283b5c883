import { expect, test } from "vitest";
import * as z from "zod/mini";
import { readJson } from "./exchange.ts";

const Body = z.strictObject({
  job: z.string(),
  runId: z.optional(z.uuid("should be a UUID")),
  ageMs: z.optional(z.number().check(z.minimum(0))),
});

async function refusal(body: unknown): Promise<string> {
  const request = new Request("http://localhost", { method: "POST", body: JSON.stringify(body) });
  return readJson(request, Body).then(
    () => "accepted",
    (error: unknown) => String(error),
  );
}

test("every problem of a body is told at once, each with its place and what it should be", async () => {
  const said = await refusal({ job: 7, runId: "first", ageMs: -1, nonsense: true });

  expect(said).toContain("job: it should be a string");
  expect(said).toContain("runId: should be a UUID");
  expect(said).toContain("ageMs: it should be at least 0");
  expect(said).toContain("nonsense: is not known");
});

test("a body that is no object is told as such", async () => {
  expect(await refusal([])).toContain("the body: it should be an object");
});
