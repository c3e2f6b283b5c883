import type { JobPage } from "../job.ts";

/** The reference page of `backup-verify`. */
export const backupVerifyPage: JobPage = {
  alsoKnownAs: ["backup verification cron", "restore drill", "nightly-health.yml"],
  does: [
    "Selects the newest backup by the time in its name, or the one in the input.",
    "Copies it to a scratch file, as a restore would, and removes the file at the end.",
    "Checks the size, the checksum (against the note), integrity_check, foreign_key_check and that the tables have rows.",
    "Records the result in the backup's note. Rotation never removes the newest backup that passed.",
  ],
  artifacts: {
    note: "<backup>.json: drill with at, outcome (ok or failed) and runId",
    record: "details: outcome (ok, failed, inconclusive), file, sizeBytes, sha256, rows, problems",
  },
  exits: {
    "0 ok": "The backup is usable.",
    "1 failed": "The backup is not usable (outcome failed). details.problems has all problems.",
    "75 failed":
      "Nothing was verified (outcome inconclusive): there is no backup, the newest is too old, or there is no room for the scratch file.",
    "78 failed": "The backup in the input does not exist.",
  },
  dryRun: "Restores to the scratch file and verifies it, and records nothing.",
  example: `backup-verify:
  uses: backup-verify
  schedule: { cron: "0 3 * * SUN", timezone: UTC }
  in: web
  options: { directory: /var/data/backups, prefix: shop_, tables: [users] }
  alerts: { on: [fail, late] }`,
};
