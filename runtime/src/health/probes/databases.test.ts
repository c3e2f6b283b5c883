import { expect, test, vi } from "vitest";
import { query } from "../../../testing/postgres.ts";
import { probeOnce, watch } from "../../../testing/probe-watch.ts";
import { usePostgres } from "../../../testing/servers.ts";

/** Most time that a probe takes on a busy machine, in ms. */
const PATIENCE_MS = 10_000;

const postgres = usePostgres();

test("a Postgres that answers is ok, and one whose connection was ended is asked anew", async (context) => {
  const { url } = await postgres(context);
  const loop = watch({ kind: "postgres", urlEnv: "DATABASE_URL" }, { env: { DATABASE_URL: url } });
  await vi.waitFor(() => expect(loop.result().state).toBe("ok"), { timeout: 10_000 });

  const ended = await query(
    url,
    "select count(pg_terminate_backend(pid))::int as n from pg_stat_activity where application_name = 'opspec-health'",
  );
  const at = Date.now();

  expect(ended).toEqual([{ n: 1 }]);
  await vi.waitFor(() => {
    const { state, checkedAt } = loop.result();
    expect(state).toBe("ok");
    expect(checkedAt?.getTime()).toBeGreaterThan(at + 40);
  }, PATIENCE_MS);
});

test("a check of Postgres holds one connection, whatever the number of its probes", async (context) => {
  const { url } = await postgres(context);
  const probes = watch(
    { kind: "postgres", urlEnv: "DATABASE_URL" },
    { env: { DATABASE_URL: url } },
  );
  await vi.waitFor(() => expect(probes.result().state).toBe("ok"), { timeout: 10_000 });
  const seen = new Set<Date | undefined>();
  await vi.waitFor(
    () => expect(seen.add(probes.result().checkedAt).size).toBeGreaterThan(4),
    PATIENCE_MS,
  );

  const open = await query(
    url,
    "select count(*)::int as n from pg_stat_activity where application_name = 'opspec-health'",
  );

  expect(open).toEqual([{ n: 1 }]);
});

test("a URL in SQLAlchemy's spelling reaches Postgres", async (context) => {
  const { url } = await postgres(context);
  const DATABASE_URL = url.replace(/^postgres(ql)?:/, "postgresql+asyncpg:");

  const result = await probeOnce(
    { kind: "postgres", urlEnv: "DATABASE_URL" },
    { env: { DATABASE_URL } },
  );

  expect(result.state).toBe("ok");
});

test("a refused connection is told without the URL", async (context) => {
  const url = new URL((await postgres(context)).url);
  url.pathname = "/nobodys";

  const result = await probeOnce(
    { kind: "postgres", urlEnv: "DATABASE_URL" },
    { env: { DATABASE_URL: url.href } },
  );

  expect(result).toMatchObject({ state: "failed", error: "no such database" });
});

test("the clock of this machine is compared with the one of Postgres", async (context) => {
  const { url } = await postgres(context);

  const result = await probeOnce(
    { kind: "clock", urlEnv: "DATABASE_URL" },
    { env: { DATABASE_URL: url } },
  );

  expect(result).toMatchObject({ state: "ok" });
  expect(result.value).toBeLessThan(2000);
});
