import { expect, test } from "vitest";
import { usePostgres } from "../../testing/servers.ts";
import { openSession } from "./postgres.ts";
import { parsePostgresUrl } from "./postgres-url.ts";

const postgres = usePostgres();

test("a statement that takes too long ends its session and says how long was waited", async (context) => {
  const { url } = await postgres(context);
  const session = await openSession("DATABASE_URL", parsePostgresUrl(url));

  const slow = session.query("look", "SELECT pg_sleep(60)", { limitMs: 100 });

  await expect(slow).rejects.toThrow(
    "DATABASE_URL: could not look: no answer within 100 ms. See whether it is up",
  );
  expect(session.over.aborted).toBe(true);
});
