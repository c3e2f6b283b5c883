import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import type { ManifestToggle } from "../contract/source.ts";
import { collectLog } from "../../testing/log-lines.ts";
import { query } from "../../testing/postgres.ts";
import { withRedis } from "../../testing/redis.ts";
import { usePostgres, useRedis } from "../../testing/servers.ts";
import { openToggles } from "./toggles.ts";
import { type ToggleAnswer, type ToggleOptions } from "./toggles.ts";

const postgres = usePostgres();
const redis = useRedis();

test("TRUE, true, 1, yes and on are on, and everything else is off", async () => {
  for (const value of ["TRUE", "true", "1", "yes", "on", " Yes "]) {
    expect(await envToggle(value)).toEqual({ on: true, reason: "variable X says on" });
  }
  for (const value of ["FALSE", "0", "no", "Off"]) {
    expect(await envToggle(value)).toEqual({ on: false, reason: "variable X says off" });
  }
  for (const value of ["2", "enabled", "truee", "oui"]) {
    expect(await envToggle(value)).toEqual({
      on: false,
      reason: "variable X is neither on nor off",
    });
  }
});

test("the presence of a marker switches off at once, also through a link onto the disk", async () => {
  const { given, lines } = setting();
  const disk = mkdtempSync(join(tmpdir(), "disk-"));
  mkdirSync(join(given.directory, "tools"));
  // The link is always there, as the supervisor makes it; what it points to is the marker.
  symlinkSync(join(disk, "digest_disabled"), join(given.directory, "tools/.digest_disabled"));
  const reader = { kind: "marker", path: "tools/.digest_disabled" } as const;
  const toggles = openToggles([{ name: "digest", reader }], given);

  expect(await toggles.isOn("digest")).toEqual({
    on: true,
    reason: "marker tools/.digest_disabled says on",
  });
  writeFileSync(join(disk, "digest_disabled"), "");
  expect((await toggles.isOn("digest")).on).toBe(false);
  rmSync(join(disk, "digest_disabled"));
  expect((await toggles.isOn("digest")).on).toBe(true);
  expect(lines).toEqual([]);
});

test("a row of Postgres and of SQLite is a toggle", async (context) => {
  const url = await (await postgres(context)).freshDatabase();
  await query(url, "CREATE TABLE switch (is_on boolean)");
  await query(url, "INSERT INTO switch VALUES (true)");
  const { given } = setting({ DATABASE_URL: url });
  using file = new DatabaseSync(join(given.directory, "app.db"));
  file.exec("CREATE TABLE switch (is_on); INSERT INTO switch VALUES (0)");
  const text = "SELECT is_on FROM switch";
  const toggles = openToggles(
    [
      { name: "pg", reader: { kind: "sql", urlEnv: "DATABASE_URL", query: text } },
      { name: "sqlite", reader: { kind: "sql", path: "app.db", query: text } },
      {
        name: "empty",
        reader: { kind: "sql", urlEnv: "DATABASE_URL", query: `${text} WHERE NOT is_on` },
        whenMissing: "on",
      },
    ],
    given,
  );

  expect((await toggles.isOn("pg")).on).toBe(true);
  expect((await toggles.isOn("sqlite")).on).toBe(false);
  expect(await toggles.isOn("empty")).toEqual({
    on: true,
    reason: "on as declared, because sql of DATABASE_URL is not set",
  });
});

test("a key of Redis is a toggle; when Redis is away the declared answer counts", async (context) => {
  const server = await redis(context);
  await withRedis(server.url, (client) => client.mset("digest", "TRUE", "list", "x"));
  await withRedis(server.url, (client) => client.del("list"));
  await withRedis(server.url, (client) => client.rpush("list", "TRUE"));
  const away = new URL(server.url);
  away.port = "1";
  const { given, lines } = setting({ REDIS_URL: server.url, AWAY_URL: away.href });
  const toggles = openToggles(
    [
      redisToggle("digest"),
      redisToggle("list"),
      { ...redisToggle("loader", "AWAY_URL"), whenUnreachable: "on" },
    ],
    given,
  );

  expect(await toggles.isOn("digest")).toEqual({ on: true, reason: "Redis key digest says on" });
  expect(await toggles.isOn("list")).toEqual({
    on: false,
    reason: expect.stringContaining(
      "off as declared, because REDIS_URL: could not read a toggle: the key holds another type",
    ),
  });
  expect(await toggles.isOn("loader")).toEqual({
    on: true,
    reason: expect.stringContaining(
      "on as declared, because AWAY_URL: could not read a toggle: connection refused",
    ),
  });
  expect(lines.join("")).not.toContain("127.0.0.1");
});

test("a key of a table is found without its case, in the columns that are declared", async () => {
  const { given } = setting();
  writeFileSync(
    join(given.directory, "toggles.csv"),
    "Note,Feature_Name,Enabled\na,Recruitment_Reports,TRUE\nb,server_map,FALSE\n",
  );
  const toggles = openToggles(
    [featureToggle("recruitment_REPORTS"), featureToggle("SERVER_MAP")],
    given,
  );

  expect((await toggles.isOn("recruitment_REPORTS")).on).toBe(true);
  expect((await toggles.isOn("SERVER_MAP")).on).toBe(false);
});

test("a broken table is no decision of the operator: it counts as away, not as missing", async () => {
  for (const [table, problem] of [
    ["[]", "the table has no rows"],
    ['[{"only":"a"}]', "the table has no second column"],
    ['[{"key":"a","value":"TRUE"},{"key":"A","value":"FALSE"}]', 'the key "a" has several values'],
  ] as const) {
    const { given } = setting();
    writeFileSync(join(given.directory, "t.json"), table);
    const toggles = openToggles([{ ...tableToggle("a"), whenMissing: "on" }], given);

    expect(await toggles.isOn("a")).toEqual({
      on: false,
      reason: `off as declared, because file t.json: ${problem}`,
    });
  }
});

/** A directory, and the lines that were logged. */
function setting(env: Record<string, string> = {}) {
  const { log, lines } = collectLog();
  const given: ToggleOptions = { env, directory: mkdtempSync(join(tmpdir(), "toggles-")), log };
  return { given, lines };
}

async function envToggle(value: string): Promise<ToggleAnswer> {
  const reader = { kind: "env", name: "X" } as const;
  return openToggles([{ name: "x", reader }], setting({ X: value }).given).isOn("x");
}

function redisToggle(name: string, urlEnv = "REDIS_URL"): ManifestToggle {
  return { name, reader: { kind: "redis", urlEnv, key: name } };
}

function featureToggle(key: string): ManifestToggle {
  const source = { kind: "file", path: "toggles.csv" } as const;
  const columns = { keyColumn: "feature_name", valueColumn: "enabled" };
  return { name: key, reader: { kind: "table", source, key, ...columns } };
}

function tableToggle(key: string): ManifestToggle {
  return { name: key, reader: { kind: "table", source: { kind: "file", path: "t.json" }, key } };
}
