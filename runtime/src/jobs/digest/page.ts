import type { JobPage } from "../job.ts";

/** The reference page of `digest`. */
export const digestPage: JobPage = {
  alsoKnownAs: [
    "digest_run_weekdays",
    "digest_run",
    "python workers/digest_scheduler.py",
    "Run Digest Now",
    "send latest digest",
  ],
  does: [
    "Does nothing while a toggle is off (disabledBy, toggles): the run is skipped, with no file and no mail.",
    "Reads the rows of its source. If a variable of the source is not set, the digest has no rows.",
    "Writes digest_<time in UTC> as csv, md and txt to snapshots, then moves all three to backups, or none.",
    "Mails the rows as a table, with the files only if attachments is true (bind it to DIGEST_ATTACHMENTS, which accepts 1, true, yes and on).",
    "With the input latest=true writes nothing and mails the newest file of each format in backups.",
    "While it is silenced, writes the files and sends no mail.",
  ],
  artifacts: {
    files:
      "backups/digest_YYYYmmdd_HHMMSS.csv, .md, .txt; a number is added if a second has several",
    mail: "to DIGEST_EMAIL_TO, from DIGEST_EMAIL_FROM",
    record: "details.artifacts, rows, email (ok, skipped, error), emailProblem",
  },
  exits: {
    "0 ok": "The files are written. email shows whether they were mailed.",
    "0 skipped": "A toggle is off, or the variables of the mail are not set with latest=true.",
    "75 failed":
      "The source does not respond, or the mail failed. The files stay, and latest=true sends them. A retry of the run writes and sends a new digest.",
    "1 failed": "The files could not be written, or latest=true finds none.",
  },
  dryRun:
    "Reports the files that it would write (details.wouldWrite) or send (details.wouldSend), and reads no source.",
  example: `digest-weekdays:
  uses: digest
  options:
    title: Shop
    source: { kind: sql, urlEnv: DATABASE_URL, query: "select sku, title from low_stock" }
    attachments: { env: DIGEST_ATTACHMENTS, default: false }
  schedule: { weekdays: "13:00" }
  disabledBy: data/.digest_disabled
  in: web`,
};
