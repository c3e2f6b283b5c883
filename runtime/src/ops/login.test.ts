import { expect, test } from "vitest";
import { OPS_TOKEN, scratchOps, type ScratchOps } from "../../testing/scratch-ops.ts";

const HOST = { host: "shop.example.com" };

async function logIn(ops: ScratchOps, headers: Record<string, string> = {}, token = OPS_TOKEN) {
  const answer = await ops.ask("/ops/login", {
    method: "POST",
    headers: { ...HOST, ...headers },
    json: { token },
  });
  const set = answer.headers.get("set-cookie") ?? "";
  return { ...answer, set, cookie: set.split(";")[0] ?? "", csrf: String(answer.body["csrf"]) };
}

test("a login gives a cookie that scripts cannot read and other sites cannot send", async () => {
  const ops = await scratchOps();

  const plain = await logIn(ops);
  const https = await logIn(ops, { "x-forwarded-proto": "https" });

  expect(plain.status).toBe(200);
  expect(plain.set).toMatch(
    /^opspec_ops=[^;]+; Max-Age=43200; Path=\/ops; HttpOnly; SameSite=Strict$/,
  );
  expect(https.set).toMatch(/; Secure(;|$)/);
  expect((await ops.ask("/ops/jobs", { headers: { cookie: plain.cookie } })).status).toBe(200);
});

test("a cookie that was changed, cut or signed with another token opens nothing", async () => {
  const ops = await scratchOps();
  const other = await scratchOps({ env: { OPSPEC_OPS_TOKEN: "another-token-of-a-test" } });
  const { cookie } = await logIn(ops);
  const foreign = (await logIn(other, {}, "another-token-of-a-test")).cookie;
  const later = cookie.replace(/\.\d+\./, `.${Date.now() + 10 ** 12}.`);

  for (const wrong of [foreign, later, cookie.slice(0, -3), "opspec_ops=", "opspec_ops=a.b.c"]) {
    expect((await ops.ask("/ops/jobs", { headers: { cookie: wrong } })).status).toBe(401);
  }
});

test("a login ends after twelve hours and at the logout", async () => {
  let now = new Date("2026-03-27T08:00:00.000Z");
  const ops = await scratchOps({ clock: { now: () => now } });
  const [first, second] = [await logIn(ops), await logIn(ops)];
  const status = async (cookie: string) =>
    (await ops.ask("/ops/version", { headers: { cookie } })).status;

  const headers = { ...HOST, cookie: first.cookie, "x-csrf-token": first.csrf };
  const out = await ops.ask("/ops/logout", { method: "POST", headers });
  const afterLogout = [await status(first.cookie), await status(second.cookie)];
  now = new Date("2026-03-27T20:00:00.000Z");

  expect(out.headers.get("set-cookie")).toContain("Max-Age=0");
  expect(afterLogout).toEqual([401, 200]);
  expect(await status(second.cookie)).toBe(401);
});

test("with the cookie alone nothing is changed: the page proves that it is ours", async () => {
  const jobs = [{ name: "trim", command: "true" }];
  const ops = await scratchOps({ jobs });
  const { cookie, csrf } = await logIn(ops);
  const run = async (headers: Record<string, string>) => {
    const all = { ...HOST, cookie, ...headers };
    return (await ops.ask("/ops/jobs/trim/run", { method: "POST", headers: all })).status;
  };

  expect(await run({})).toBe(403);
  expect(await run({ "x-csrf-token": "guessed" })).toBe(403);
  expect(await run({ "x-csrf-token": csrf, "sec-fetch-site": "cross-site" })).toBe(403);
  expect(await run({ "x-csrf-token": csrf, "sec-fetch-site": "same-site" })).toBe(403);
  expect(await run({ "x-csrf-token": csrf, origin: "https://evil.example.com" })).toBe(403);
  expect(await run({ "x-csrf-token": csrf, origin: "null" })).toBe(403);
  expect(await run({ "x-csrf-token": csrf, origin: "https://shop.example.com" })).toBe(202);
  const behind = { "x-forwarded-host": "ops.example.com", origin: "https://ops.example.com" };
  expect(await run({ "x-csrf-token": csrf, ...behind })).toBe(202);
});

test("a page of another site cannot log somebody in", async () => {
  const ops = await scratchOps();

  expect((await logIn(ops, { "sec-fetch-site": "cross-site" })).status).toBe(403);
  expect((await logIn(ops, { origin: "https://evil.example.com" })).status).toBe(403);
});

test("after five wrong tokens within a minute a client waits, and others do not", async () => {
  let now = new Date("2026-03-27T08:00:00.000Z");
  const ops = await scratchOps({ clock: { now: () => now } });
  const from = (client: string, token: string) => logIn(ops, { "x-forwarded-for": client }, token);
  for (let at = 0; at < 5; at += 1) expect((await from("192.0.2.1", "guess")).status).toBe(401);

  const limited = await from("192.0.2.1", "guess");
  const spoofed = await from("198.51.100.9, 192.0.2.1", "guess");
  const other = await from("192.0.2.2", "guess");
  now = new Date("2026-03-27T08:01:00.000Z");

  expect([limited.status, limited.headers.get("retry-after")]).toEqual([429, "60"]);
  expect(spoofed.status).toBe(429);
  expect(other.status).toBe(401);
  expect((await from("192.0.2.1", "guess")).status).toBe(401);
});

test("made-up clients share a limit of their own", async () => {
  const clock = { now: () => new Date("2026-03-27T08:00:00.000Z") };
  const ops = await scratchOps({ clock });
  const statuses: number[] = [];
  for (let at = 0; at < 61; at += 1) {
    statuses.push((await logIn(ops, { "x-forwarded-for": `192.0.2.${at}` }, "guess")).status);
  }

  expect(statuses.filter((it) => it === 401)).toHaveLength(60);
  expect(statuses.at(-1)).toBe(429);
});

test("wrong tokens of others never lock out the right one, at the login and as Bearer", async () => {
  const clock = { now: () => new Date("2026-03-27T08:00:00.000Z") };
  const ops = await scratchOps({ clock });
  for (let at = 0; at < 70; at += 1) {
    await logIn(ops, { "x-forwarded-for": `192.0.2.${at % 30}` }, "guess");
  }
  const bearer = { authorization: `Bearer ${OPS_TOKEN}`, "x-forwarded-for": "192.0.2.1" };

  expect((await logIn(ops, { "x-forwarded-for": "203.0.113.1" })).status).toBe(200);
  expect((await logIn(ops, { "x-forwarded-for": "192.0.2.1" })).status).toBe(200);
  expect((await ops.ask("/ops/jobs", { headers: bearer })).status).toBe(200);
});

test.each([
  ["a path", "/ops/jobs", 401],
  ["a path that does not exist", "/ops/none", 401],
  ["a path that is open to anybody", "/ops/version", 200],
])("Bearer guesses at %s are limited", async (_at, path, status) => {
  const clock = { now: () => new Date("2026-03-27T08:00:00.000Z") };
  const ops = await scratchOps({ clock, manifest: { ops: { public: ["/ops/version"] } } });
  const guess = async (client: string) => {
    const headers = { authorization: "Bearer guess", "x-forwarded-for": client };
    return (await ops.ask(path, { headers })).status;
  };

  const statuses = [];
  for (let at = 0; at < 6; at += 1) statuses.push(await guess("192.0.2.1"));

  expect(statuses).toEqual([status, status, status, status, status, 429]);
  expect(await guess("192.0.2.2")).toBe(status);
  expect((await logIn(ops, { "x-forwarded-for": "192.0.2.1" }, "guess")).status).toBe(429);
  expect((await ops.ask(path, { headers: { "x-forwarded-for": "192.0.2.1" } })).status).toBe(
    status,
  );
});

test("the page is told its proof again after it was loaded anew", async () => {
  const ops = await scratchOps();
  const { cookie, csrf } = await logIn(ops);

  expect((await ops.ask("/ops/login", { headers: { cookie } })).body["csrf"]).toBe(csrf);
  expect((await ops.ask("/ops/login")).status).toBe(404);
});

test("no answer may be kept, framed or sniffed, errors included", async () => {
  const ops = await scratchOps();
  const answers = await Promise.all([
    logIn(ops, {}, "wrong"),
    ops.ask("/ops/version"),
    ops.ask("/ops/none", { headers: {} }),
  ]);

  for (const { headers } of answers) {
    expect(headers.get("cache-control")).toBe("no-store, max-age=0");
    expect(headers.get("content-security-policy")).toContain("default-src 'none'");
    expect(headers.get("x-frame-options")).toBe("DENY");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("referrer-policy")).toBe("no-referrer");
  }
});

test("who is logged in may log in again from another tab, and a page of another site still cannot", async () => {
  const ops = await scratchOps();
  const { cookie } = await logIn(ops);

  expect((await logIn(ops, { cookie })).status).toBe(200);
  expect((await logIn(ops, { cookie, "sec-fetch-site": "cross-site" })).status).toBe(403);
});

test("a client's address is told apart by what an address can hold, however long it is sent", async () => {
  const ops = await scratchOps();
  const from = (client: string) => logIn(ops, { "x-forwarded-for": client }, "guess");
  for (let at = 0; at < 5; at += 1) await from(`${"9".repeat(64)}${at}`);

  expect((await from(`${"9".repeat(64)}another`)).status).toBe(429);
});
