import type { JobPage } from "../job.ts";

/** What the reference says of it. */
export const purgePage: JobPage = {
  alsoKnownAs: ["purge_ephemeral.sql", "Database purge", "retention_days"],
  does: [
    "Looks at all tables first: one that is missing, or has no such column, or may not be purged, stops everything before a row is deleted.",
    "Deletes rows older than the retention, table by table in the order given, in batches of one transaction each.",
    "Leaves rows that somebody holds to the next run, rows that are exactly as old as the retention, and rows without a time.",
    "Rows of other tables that go with a deleted one (ON DELETE CASCADE) are not counted.",
    "Tells the tables of which row-level security hides rows from its login: those rows stay.",
  ],
  artifacts: {
    record:
      "details {cutoff, retentionDays, deleted: {<table>: rows}, total, batches}, and {filtered} with the tables of which rows are hidden",
  },
  exits: {
    "0 ok": "Purged, or nothing was too old.",
    "1 failed":
      "The database refused a batch, for example because rows of another table refer to it.",
    "75 failed": "Postgres is away.",
    "78 failed":
      "The retention is no positive number of days or its variable is set to nothing, or a table cannot be purged: nothing is deleted.",
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
