/**
 * Source of two functions for a thread that has a database open.
 *
 * `integrityOf(database, check, max)` runs `integrity_check` or `quick_check` and returns `problems`,
 * at most `max`, and `unchecked`. `rowsOf(database, table)` counts rows.
 *
 * An app may define collations, functions, tokenizers and modules of virtual tables that exist only in
 * its own connections. Where SQLite needs one, a statement fails with SQLITE_ERROR, and one such object
 * fails the check of the whole database. Damage has other codes. So the tables are checked one by one,
 * each as far as SQLite can, and `unchecked` names the rest with the reason.
 *
 * @see https://www.sqlite.org/rescode.html#error
 */
export const INTEGRITY = String.raw`
  const isUnknown = (error) => error.code === "ERR_SQLITE_ERROR" && (error.errcode & 0xff) === 1;
  const quoted = (name) => '"' + name.replaceAll('"', '""') + '"';

  /** The first attempt that SQLite can do: its number, its value, and why it could not do the first. */
  function firstPossible(...attempts) {
    let why;
    for (const [step, attempt] of attempts.entries()) {
      try {
        return { step, value: attempt(), why };
      } catch (error) {
        if (!isUnknown(error)) throw error;
        why ??= error.message;
      }
    }
    return { step: attempts.length, why };
  }

  function integrityOf(database, check, max) {
    const whole = firstPossible(() => findings(database, check + "(" + max + ")"));
    const tables = database.prepare(
      "SELECT name, type FROM pragma_table_list WHERE schema = 'main' AND type <> 'view'"
        + " AND name NOT LIKE 'sqlite!_%' ESCAPE '!' ORDER BY name",
    ).all();
    const isWhole = whole.why === undefined;
    // SQLite passes over a virtual table whose module it does not know.
    const checks = tables
      .filter(({ type }) => type === "virtual" || !isWhole)
      .map(({ name, type }) =>
        type === "virtual"
          ? checkVirtual(database, name, isWhole ? undefined : check)
          : checkTable(database, name, check));
    const problems = whole.value ?? checks.flatMap((it) => it.problems ?? []);
    return { problems: problems.slice(0, max), unchecked: checks.flatMap((it) => it.unchecked ?? []) };
  }

  function findings(database, pragma) {
    const texts = database.prepare("PRAGMA " + pragma).all().map((row) => Object.values(row)[0]);
    const lines = texts.flatMap((text) => text.replace(/^[*]{3} .*\n/, "").split("\n"));
    return lines.filter((line) => line !== "ok");
  }

  function checkTable(database, name, check) {
    const { step, value, why } = firstPossible(
      () => findings(database, check + "(" + quoted(name) + ")"),
      () => {
        database.exec("PRAGMA ignore_check_constraints = ON");
        try {
          return findings(database, "quick_check(" + quoted(name) + ")");
        } finally {
          database.exec("PRAGMA ignore_check_constraints = OFF");
        }
      },
      () => damagedPages(database, name),
    );
    const depth = ["", "checked without its indexes and constraints", "only checked page by page"][step];
    return { problems: value, unchecked: step === 0 ? [] : ['table "' + name + '" was ' + depth + ": " + why] };
  }

  function damagedPages(database, table) {
    const damaged = "SELECT DISTINCT name FROM dbstat WHERE pagetype = 'corrupted' AND name IN"
      + " (SELECT name FROM sqlite_schema WHERE tbl_name = ? AND rootpage > 0)";
    return database.prepare(damaged).all(table).map(({ name }) => '"' + name + '" has a damaged page');
  }

  /** The tables that hold the data of a virtual table are checked as tables. */
  function checkVirtual(database, name, check) {
    const { step, value, why } = firstPossible(() => {
      database.prepare("SELECT * FROM pragma_table_info(?)").all(name);
      return check ? findings(database, check + "(" + quoted(name) + ")") : [];
    });
    if (step === 0) return { problems: value };
    // FTS5 names an unknown tokenizer only in a search.
    const search = "SELECT 1 FROM " + quoted(name) + " WHERE " + quoted(name) + " MATCH 'a'";
    const reason = firstPossible(() => database.prepare(search).all()).why ?? why;
    return { unchecked: ['virtual table "' + name + '" was not checked: ' + reason] };
  }

  /** Without the table's own order, the cells of its pages are counted. Interior pages have rows too. */
  function rowsOf(database, name) {
    const count = "SELECT count(*) AS n FROM " + quoted(name);
    const cells = "SELECT sum(ncell) AS n FROM dbstat WHERE name = ? AND pagetype <> 'overflow'";
    const { value } = firstPossible(
      () => database.prepare(count).get(),
      () => database.prepare(count + " NOT INDEXED").get(),
      () => database.prepare(cells).get(name),
    );
    return value.n;
  }
`;
