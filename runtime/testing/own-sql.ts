import { readFileSync, writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";

/** Extensions that an app may define in its own connections: SQL that uses each one, and SQLite's error without it. */
export const OWN_SQL = {
  "a collation in an index": {
    sql: "CREATE INDEX by_name ON products (name COLLATE nocase)",
    rename: ["nocase", "es_pe_"],
    unchecked: 'table "products" was only checked page by page: no such collation sequence: es_pe_',
  },
  "a collation of a column with a foreign key to it": {
    sql: `CREATE TABLE brands (name TEXT COLLATE nocase PRIMARY KEY) WITHOUT ROWID;
      INSERT INTO brands SELECT name FROM products;
      CREATE TABLE owners (brand TEXT REFERENCES brands (name));
      INSERT INTO owners VALUES ('product 1')`,
    rename: ["nocase", "es_pe_"],
    unchecked: 'table "brands" was only checked page by page: no such collation sequence: es_pe_',
  },
  "a function in an index": {
    sql: "CREATE INDEX by_name ON products (lower(name))",
    rename: ["lower(", "myfun("],
    unchecked:
      'table "products" was checked without its indexes and constraints: unknown function: myfun()',
  },
  "a function in a constraint": {
    sql: "CREATE TABLE brands (name TEXT CHECK (lower(name) <> '')); INSERT INTO brands VALUES ('a')",
    rename: ["lower(", "myfun("],
    unchecked:
      'table "brands" was checked without its indexes and constraints: unknown function: myfun()',
  },
  "a function in a generated column": {
    sql: "CREATE TABLE brands (name TEXT, g TEXT AS (lower(name))); INSERT INTO brands VALUES ('a')",
    rename: ["lower(", "myfun("],
    unchecked: 'table "brands" was only checked page by page: unknown function: myfun()',
  },
  "a tokenizer of FTS5": {
    sql: "CREATE VIRTUAL TABLE words USING fts5 (body, tokenize = 'porter'); INSERT INTO words VALUES ('hello')",
    rename: ["porter", "icu_es"],
    unchecked: 'virtual table "words" was not checked: no such tokenizer: icu_es',
  },
  "a tokenizer of FTS4": {
    sql: "CREATE VIRTUAL TABLE words USING fts4 (body, tokenize=porter); INSERT INTO words VALUES ('hello')",
    rename: ["porter", "icu_es"],
    unchecked: 'virtual table "words" was not checked: unknown tokenizer: icu_es',
  },
  "a module of a virtual table": {
    sql: "CREATE VIRTUAL TABLE places USING rtree (id, a, b); INSERT INTO places VALUES (1, 2, 3)",
    rename: ["rtree", "vec_0"],
    unchecked: 'virtual table "places" was not checked: no such module: vec_0',
  },
} as const satisfies Record<
  string,
  { sql: string; rename: readonly [string, string]; unchecked: string }
>;

export type OwnSql = keyof typeof OWN_SQL;

/**
 * Creates a healthy database with 2,000 products that uses an extension unknown outside the app.
 *
 * The database is created with a known name, which is then replaced by one of the same length.
 */
export function makeOwnSqlDatabase(file: string, own: OwnSql): void {
  const { sql, rename } = OWN_SQL[own];
  const database = new DatabaseSync(file);
  database.exec("CREATE TABLE products (id INTEGER PRIMARY KEY, name TEXT, stock INTEGER)");
  database.exec("CREATE TABLE orders (id INTEGER PRIMARY KEY, product TEXT)");
  database.exec("CREATE INDEX orders_by_product ON orders (product)");
  database.exec(`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)
    INSERT INTO products SELECT i, 'product ' || i, i FROM n`);
  database.exec("INSERT INTO orders SELECT id, name FROM products");
  database.exec(sql);
  database.close();
  const [from, to] = rename;
  const text = readFileSync(file, "latin1");
  writeFileSync(file, text.replaceAll(from, to), "latin1");
}

/** Overwrites the fourth leaf page of a table or index. */
export function damagePage(file: string, of: string): void {
  const database = new DatabaseSync(file, { readOnly: true });
  const page = database
    .prepare("SELECT * FROM dbstat WHERE name = ? AND pagetype = 'leaf' LIMIT 1 OFFSET 3")
    .get(of);
  database.close();
  const size = Number(page?.["pgsize"]);
  const pages = readFileSync(file);
  pages.fill(0xff, Number(page?.["pgoffset"]), Number(page?.["pgoffset"]) + size);
  writeFileSync(file, pages);
}
