import type { JobPage } from "../job.ts";

/** What the reference says of `backup-verify`. */
export const backupVerifyPage: JobPage = {
  alsoKnownAs: ["backup verification cron", "restore drill", "nightly-health.yml"],
  does: [
    "Takes the newest backup by the time in its name, or the one that a person names.",
    "Copies it to a scratch file, as a restore would, and removes that in the end.",
    "Looks at size, checksum (against the note), integrity_check, foreign_key_check and that the tables have rows.",
    "Notes the end beside the backup: the newest that was found good is never rotated away.",
  ],
  artifacts: {
    note: "<backup>.json: drill with at, outcome (ok or failed) and runId",
    record: "details: outcome (ok, failed, inconclusive), file, sizeBytes, sha256, rows, problems",
  },
  exits: {
    "0 ok": "The backup could be used.",
    "1 failed": "It could not (outcome failed): all that is wrong is in details.problems.",
    "75 failed":
      "Nothing was verified (outcome inconclusive): there is no backup, none that is young enough, or no room for the scratch file.",
    "78 failed": "The backup that was asked for is not there.",
  },
  dryRun: "Restores to the scratch file and looks at it; notes nothing.",
  example: `backup-verify:
  uses: backup-verify
  schedule: { cron: "0 3 * * SUN", timezone: UTC }
  in: web
  options: { directory: /var/data/backups, prefix: shop_, tables: [users] }
  alerts: { on: [fail, late] }`,
};
