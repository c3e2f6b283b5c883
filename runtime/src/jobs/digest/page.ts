import type { JobPage } from "../job.ts";

/** What the reference says of `digest`. */
export const digestPage: JobPage = {
  alsoKnownAs: [
    "digest_run_weekdays",
    "digest_run",
    "python workers/digest_scheduler.py",
    "Run Digest Now",
    "send latest digest",
  ],
  does: [
    "Does nothing while its switch is off (disabledBy, toggles): the run is skipped, with no file and no mail.",
    "Reads the rows of its source; while a variable of it is not set the digest is written without rows.",
    "Writes digest_<time in UTC> as csv, md and txt into snapshots, and moves them to backups when all three are written: all or none.",
    "Mails the rows as a table, and the files beside it only with attachments (bind it to DIGEST_ATTACHMENTS, where 1, true, yes and on are yes).",
    "With the input latest=true it writes nothing and mails the newest file of each form in backups.",
    "While it is silenced it writes and does not mail.",
  ],
  artifacts: {
    files:
      "backups/digest_YYYYmmdd_HHMMSS.csv, .md, .txt; a number is added when a second has several",
    mail: "to DIGEST_EMAIL_TO, from DIGEST_EMAIL_FROM",
    record: "details.artifacts, rows, email (ok, skipped, error), emailProblem",
  },
  exits: {
    "0 ok": "The files are written; email says whether they were mailed.",
    "0 skipped": "It is switched off, or latest=true without the variables of the mail.",
    "75 failed":
      "The source is away, or the mail failed. The files of a mail that failed stay, and latest=true sends them; a retry of the run writes and sends a digest of its own.",
    "1 failed": "The files could not be written, or latest=true finds none.",
  },
  dryRun:
    "Names the files that it would write (details.wouldWrite) or send (details.wouldSend), and reads no source.",
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
