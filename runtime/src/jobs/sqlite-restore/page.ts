import type { JobPage } from "../job.ts";

/** What the reference says of `sqlite-restore`. */
export const sqliteRestorePage: JobPage = {
  alsoKnownAs: [
    "Restore from Backup (Render Console)",
    "Restore from Local Backup",
    "before_restore",
  ],
  does: [
    "Needs what a person says: backup=<file name> or upload=<file name>; it is never run by a schedule.",
    "Takes the lock of the backups, copies the file beside the database and looks at the copy: checksum, integrity_check, tables, schema. A bad file, and one without any table, is refused before anything is touched.",
    "In the process that supervises the app: stops the app. Anywhere else: refuses while another process has the database open, and names it.",
    "Makes a safety copy by SQLite's online backup, also of the rows that are only in the write-ahead log.",
    "Puts the new file in place in one step, without the old -wal and -shm, which would mix old rows into it; rights, owner and journal mode stay.",
    "Starts the app and looks whether it is well; when it is not, brings the old database back and starts it again. A process that is stopped meanwhile leaves the new one in place.",
    "In the service's own shell, type opspec-runtime call <job> --input backup=<file name>: the process that supervises the app then does all of it.",
  ],
  artifacts: {
    "safety copy":
      "<database>.before_restore-YYYYMMDD_HHMMSS in UTC; it stays until a person removes it",
    record:
      "details: outcome (restored, refused, not-restored, rolled-back, broken, unchecked), backup or upload, sha256, rows, safetyCopy, app",
  },
  exits: {
    "0 ok": "The database is the one of the file, and the app is well with it.",
    "1 failed":
      "refused: the file is bad. not-restored and rolled-back: the app runs with its old database. broken: the app is not well.",
    interrupted:
      "The process ended meanwhile. unchecked: the file is in place and the app was not looked at. Without an outcome: look which database is there; it is whole.",
    "75 failed": "Another process has the database open, or a backup is under way.",
    "78 failed": "No file was named, or there is none of that name.",
  },
  dryRun:
    "Looks at the file and says what it would replace, which safety copy it would make, and who has the database open.",
  example: `restore:
  uses: sqlite-restore
  schedule: { manual: true }
  in: web
  options: { database: /var/data/shop.db, directory: /var/data/backups, tables: [users] }`,
};
