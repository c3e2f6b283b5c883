import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { Hono } from "hono";
import { expect, onTestFinished, test } from "vitest";
import * as z from "zod/mini";
import { BODY_BYTES_MAX, nodeListener, readJson, requestIdOf } from "./http.ts";

const Body = z.strictObject({
  job: z.string(),
  runId: z.optional(z.uuid("should be a UUID")),
  ageMs: z.optional(z.number().check(z.minimum(0))),
});

async function refusal(body: unknown): Promise<string> {
  const app = new Hono().post("/", async (c) => {
    await readJson(c, Body);
    return c.text("accepted");
  });
  app.onError((error, c) => c.text(String(error)));
  const answer = await app.request("/", { method: "POST", body: JSON.stringify(body) });
  return answer.text();
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

test("a body that is too long is refused", async () => {
  expect(await refusal({ job: "x".repeat(BODY_BYTES_MAX) })).toContain("longer than 65536 bytes");
});

test("a body that does not come cuts its connection, and others are answered meanwhile", async () => {
  const limit = { bytes: 100, ms: 200 };
  const app = new Hono().post("/", async (c) => {
    await readJson(c, z.object({}), limit);
    return c.text("answered");
  });
  const server = createServer(nodeListener(app.fetch));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const slow = connect(port, "127.0.0.1");
  const closed = once(slow, "close");

  slow.write("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n{");
  const quick = await fetch(`http://127.0.0.1:${port}/`, { method: "POST", body: "{}" });

  expect(await quick.text()).toBe("answered");
  await closed;
});

const ID_HEADERS = ["x-request-id", "x-trace-id"];

test.each(["7f9c2b", "sched-daily-202611220300", "a1b2:c3/d4=", "x".repeat(128)])(
  "the caller's id %s is taken",
  (id) => {
    expect(requestIdOf(new Headers({ "x-request-id": id }), ID_HEADERS)).toBe(id);
  },
);

test.each(["", "x".repeat(129), "a b", 'a"b', "<script>", "-x", "a;b"])(
  "the id %j is not well formed, so the request gets a new one",
  (id) => {
    const made = requestIdOf(new Headers({ "x-request-id": id }), ID_HEADERS);

    expect(made).toMatch(/^[0-9a-f-]{36}$/);
  },
);

test("the first header with a good id wins", () => {
  const headers = new Headers({ "x-request-id": "a b", "x-trace-id": "trace-1" });

  expect(requestIdOf(headers, ID_HEADERS)).toBe("trace-1");
});
