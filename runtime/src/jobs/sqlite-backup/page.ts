import type { JobPage } from "../job.ts";

/** The reference page of `sqlite-backup`. */
export const sqliteBackupPage: JobPage = {
  alsoKnownAs: [
    "backup scheduler",
    "backup-now",
    "backup_cron.sh",
    "backup.py",
    "backup-database.yml",
  ],
  does: [
    "Acquires the lock of this database's backups, for which it waits 5 s at most.",
    "Does nothing if the last backup is younger than spacingSeconds (for a periodic backup) or startSpacingSeconds (for one at the start).",
    "Fails if the disk has no room for the copy and 16 MB more.",
    "Copies the database with SQLite's online backup while the app continues to write. The copy is consistent and contains the rows of the write-ahead log.",
    "Reads every page of the copy (integrity_check) and counts the rows of each table. A damaged copy is removed, and the older backups stay.",
    "Writes the note with checksums and rows, then renames the copy, so that a file with a backup's name is always complete and verified. Both files have mode 0600.",
    "Removes the oldest backups by the time in their names. It never removes another file, the new backup, or the newest backup that passed a restore drill.",
  ],
  artifacts: {
    backup: "<directory>/<prefix>YYYYMMDD_HHMMSS.db in UTC; _1, _2 … if a second has several",
    note: "<backup>.json: file, createdAt, reason (startup, periodic, aligned_schedule, admin_trigger:<who>), runId, database, sizeBytes, sha256, md5, integrity, rows, drill",
    lock: "<directory>/.<prefix>lock, empty; the kernel releases it when its holder ends",
    record: "details: the content of the note, removed and notRemoved",
  },
  exits: {
    "0 ok": "The backup is made and verified.",
    "0 skipped": "The last backup is recent enough (details.recent).",
    "1 failed":
      "There is no such database, no room, or the copy is damaged. Older backups are untouched.",
    "75 failed": "The lock or the database is busy. A retry may succeed.",
  },
  dryRun: "Reports which file it would write and which files it would remove, and writes nothing.",
  example: `backup-periodic:
  uses: sqlite-backup
  schedule: { every: 6h, onStart: true }
  in: web
  deadline: 10m
  options: { database: /var/data/shop.db, directory: /var/data/backups, keep: 10 }
  alerts: { on: [fail, late, recovered] }`,
};
