import { join } from "node:path";
import { expect, test } from "vitest";
import { damagePage, makeOwnSqlDatabase, OWN_SQL, type OwnSql } from "../../testing/own-sql.ts";
import { scratchDirectory } from "../../testing/scratch-directory.ts";
import { checkDatabase } from "./database-check.ts";

const { signal } = new AbortController();

const EACH = Object.keys(OWN_SQL) as OwnSql[];

function databaseWith(own: OwnSql): string {
  const file = join(scratchDirectory(), "shop.db");
  makeOwnSqlDatabase(file, own);
  return file;
}

test.each(EACH)(
  "a healthy database with %s has no problem, and says what is not checked",
  async (own) => {
    const file = databaseWith(own);

    const asIs = await checkDatabase(file, { signal, mode: "as-is", foreignKeys: true });
    const check = await checkDatabase(file, { signal, foreignKeys: true });

    expect(check).toMatchObject({
      problems: [],
      rows: { products: 2000, orders: 2000 },
      brokenKeys: 0,
    });
    expect(check.unchecked[0]).toBe(OWN_SQL[own].unchecked);
    // SQLite does not load the constraints of a database that it cannot write.
    const unchecked = own === "a function in a constraint" ? [] : check.unchecked;
    expect(asIs).toEqual({ ...check, unchecked });
  },
);

test.each(EACH)("a damaged page beside %s is found", async (own) => {
  const file = databaseWith(own);
  damagePage(file, "orders_by_product");

  const { problems } = await checkDatabase(file, { signal });

  expect(problems).not.toEqual([]);
});

test.each(EACH)("a damaged page of the table with %s is found", async (own) => {
  const file = databaseWith(own);
  damagePage(file, "products");

  const { problems } = await checkDatabase(file, { signal });

  expect(problems).not.toEqual([]);
});

test("rows of a table whose order SQLite does not know are counted, and its foreign keys are not", async () => {
  const file = databaseWith("a collation of a column with a foreign key to it");

  const { rows, unchecked } = await checkDatabase(file, { signal, foreignKeys: true });

  expect(rows).toMatchObject({ brands: 2000, owners: 1 });
  expect(unchecked).toContain(
    'foreign keys of "owners" were not checked: no such collation sequence: es_pe_',
  );
});

test("an index with an own collation has a damaged page that is found", async () => {
  const file = databaseWith("a collation in an index");
  damagePage(file, "by_name");

  const { problems } = await checkDatabase(file, { signal });

  expect(problems).toEqual(['"by_name" has a damaged page']);
});
