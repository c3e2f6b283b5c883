import type { JobPage } from "../job.ts";

/** The reference page of `purge`. */
export const purgePage: JobPage = {
  alsoKnownAs: ["purge_ephemeral.sql", "Database purge", "retention_days"],
  does: [
    "Checks all tables first. If a table or its column is missing, or the login has no rights to it, deletes nothing.",
    "Deletes rows older than the retention, table by table in the order of the options, in batches of one transaction each.",
    "Keeps rows of exactly the retention's age and rows without a time. Leaves locked rows to the next run.",
    "Does not count rows of other tables that ON DELETE CASCADE deletes.",
    "Reports tables in which row-level security hides rows from the login. Those rows stay.",
  ],
  artifacts: {
    record:
      "details {cutoff, retentionDays, deleted: {<table>: rows}, total, batches}, and {filtered} with the tables with hidden rows",
  },
  exits: {
    "0 ok": "The tables are purged, or no row was too old.",
    "1 failed":
      "The database refused a batch, for example because rows of another table refer to it.",
    "75 failed": "Postgres does not respond.",
    "78 failed":
      "The retention is invalid or its variable is empty, or a table cannot be purged. Nothing is deleted.",
  },
  dryRun: "Counts the rows of each table that it would delete, and deletes none.",
  example: `database-purge:
  uses: purge
  schedule: { daily: "04:30" }
  on: render
  deadline: 30m
  options:
    tables: [job_runs, notifications, { table: events, column: created_at }]
    retentionDays: 90
  env: { DATABASE_URL: { database: main } }
  alerts: { on: [fail, late] }
`,
};
