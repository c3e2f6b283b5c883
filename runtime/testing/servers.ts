import { afterAll, type TestContext } from "vitest";

import { requireCapability } from "../../tests/capabilities.ts";
import { startPgbouncer, type TestPgbouncer } from "./pgbouncer.ts";
import { startPostgres, type TestPostgres } from "./postgres.ts";
import { startRedis, type TestRedis } from "./redis.ts";
import type { ServerProcess } from "./server-process.ts";

/**
 * A Postgres for this test file. The first test that needs it starts it; it is stopped after the last test.
 *
 * On a machine without Postgres the test is skipped with a message, or fails with OPSPEC_TEST_REQUIRE=all.
 */
export function usePostgres(): (context: TestContext) => Promise<TestPostgres> {
  const server = forThisFile(startPostgres);
  return async (context) => {
    await requireCapability(context, "postgres");
    return await server();
  };
}

/** A Redis for this test file, as {@link usePostgres}. */
export function useRedis(): (context: TestContext) => Promise<TestRedis> {
  const server = forThisFile(() => startRedis());
  return async (context) => {
    await requireCapability(context, "redis");
    return await server();
  };
}

/** A pgbouncer in front of the Postgres of this test file. */
export function usePgbouncer(
  postgres: (context: TestContext) => Promise<TestPostgres>,
  poolMode: "session" | "transaction" | "statement",
): (context: TestContext) => Promise<TestPgbouncer> {
  let behind: TestPostgres | undefined;
  const server = forThisFile(async () => {
    if (behind === undefined) throw new Error("unreachable: pgbouncer starts after its Postgres");
    return await startPgbouncer({ postgres: behind, poolMode });
  });
  return async (context) => {
    await requireCapability(context, "pgbouncer");
    behind = await postgres(context);
    return await server();
  };
}

function forThisFile<T extends ServerProcess>(start: () => Promise<T>): () => Promise<T> {
  let started: Promise<T> | undefined;
  afterAll(async () => {
    // A server that did not start needs no clean-up.
    const server = await started?.catch(() => undefined);
    await server?.stop();
  });
  return () => (started ??= start());
}
