import type { JobPage } from "../job.ts";

/** What the reference says of `sqlite-backup`. */
export const sqliteBackupPage: JobPage = {
  alsoKnownAs: [
    "backup scheduler",
    "backup-now",
    "backup_cron.sh",
    "backup.py",
    "backup-database.yml",
  ],
  does: [
    "Takes the lock of this database's backups; whoever does not get it within 5 s makes no backup.",
    "Does nothing when a periodic backup would follow another one within spacingSeconds, or one at the start within startSpacingSeconds.",
    "Refuses to begin when the disk has no room for the copy and 16 MB beside it.",
    "Copies the database by SQLite's online backup while the app goes on writing: all rows of one moment, also those that are only in the write-ahead log.",
    "Reads every page of the copy (integrity_check must say ok) and counts the rows of each table; a bad copy is removed and the older ones are untouched.",
    "Writes the note with checksums and rows, then gives the copy its name: under that name a file is whole and verified, or not there. Both are their owner's alone (0600).",
    "Removes the backups that are too many by the time in their names: never another file, never the one just made, never the newest that a restore drill found good.",
  ],
  artifacts: {
    backup: "<directory>/<prefix>YYYYMMDD_HHMMSS.db in UTC; _1, _2 … for more in one second",
    note: "<backup>.json: file, createdAt, reason (startup, periodic, aligned_schedule, admin_trigger:<who>), runId, database, sizeBytes, sha256, md5, integrity, rows, drill",
    lock: "<directory>/.<prefix>lock, empty; the kernel frees it with its holder",
    record: "details: what the note says, with removed and notRemoved",
  },
  exits: {
    "0 ok": "The backup is there and verified.",
    "0 skipped": "A younger one is enough (details.recent).",
    "1 failed":
      "There is no such database, no room, or the copy is damaged. Older backups are untouched.",
    "75 failed": "The lock or the database was not to be had; the next try may get it.",
  },
  dryRun: "Says which file it would write and which it would remove, and writes nothing.",
  example: `backup-periodic:
  uses: sqlite-backup
  schedule: { every: 6h, onStart: true }
  in: web
  deadline: 10m
  options: { database: /var/data/shop.db, directory: /var/data/backups, keep: 10 }
  alerts: { on: [fail, late, recovered] }`,
};
