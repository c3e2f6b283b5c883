import type { JobPage } from "../job.ts";

/** The reference page of `sqlite-restore`. */
export const sqliteRestorePage: JobPage = {
  alsoKnownAs: [
    "Restore from Backup (Render Console)",
    "Restore from Local Backup",
    "before_restore",
  ],
  does: [
    "Needs an input: backup=<file name> or upload=<file name>. It has no schedule.",
    "Acquires the lock of the backups, copies the file to the database's directory and verifies the copy: checksum, integrity_check, tables, schema. A damaged file, or one without tables, is refused before anything changes.",
    "In the process that supervises the app, stops the app. Elsewhere, refuses while another process has the database open, and names that process.",
    "Makes a safety copy with SQLite's online backup, including the rows of the write-ahead log.",
    "Replaces the file in one step and removes the old -wal and -shm, which would mix old rows into it. Mode, owner and journal mode stay.",
    "Starts the app and checks its health. If it is not healthy, restores the old database and starts the app again. If the process is stopped meanwhile, the new database stays.",
    "In the shell of the service, run opspec-runtime call <job> --input backup=<file name>. The process that supervises the app then does all steps.",
  ],
  artifacts: {
    "safety copy":
      "<database>.before_restore-YYYYMMDD_HHMMSS in UTC; it stays until a person deletes it",
    record:
      "details: outcome (restored, refused, not-restored, rolled-back, broken, unchecked), backup or upload, sha256, rows, safetyCopy, app",
  },
  exits: {
    "0 ok": "The database is replaced, and the app is healthy.",
    "1 failed":
      "refused: the file is damaged or the wrong one. not-restored and rolled-back: the app runs with its old database. broken: the app is not healthy.",
    interrupted:
      "The process ended meanwhile. unchecked: the database is replaced, and the app was not checked. Without an outcome: check which database is in place; it is complete.",
    "75 failed": "Another process has the database open, or a backup is in progress.",
    "78 failed": "The input has no file, or the file does not exist.",
  },
  dryRun:
    "Verifies the file and reports what it would replace, which safety copy it would make, and which processes have the database open.",
  example: `restore:
  uses: sqlite-restore
  schedule: { manual: true }
  in: web
  options: { database: /var/data/shop.db, directory: /var/data/backups, tables: [users] }`,
};
