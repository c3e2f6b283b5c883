import type { JobPage } from "../job.ts";

/** What the reference says of `heartbeat`. */
export const heartbeatPage: JobPage = {
  alsoKnownAs: ["snapshot_heartbeat", "python workers/snapshot_heartbeat.py"],
  does: [
    "Asks each program for its version; one that cannot be started is MISSING.",
    "Looks at each directory: OK when it can be written, CREATED when it was missing, ERROR for the rest.",
    "Looks whether each variable is SET or MISSING, and never says to what.",
    "Writes what it saw as a CSV with the columns section, key and value.",
  ],
  artifacts: {
    file: "snapshots/heartbeat_YYYYmmdd_HHMMSS.csv, the time in UTC; a number is added when a second has several",
    record: "details.file, errors (directories), missing (programs and variables)",
  },
  exits: {
    "0 ok": "The snapshot is written, also one of trouble: a check or an alert is for that.",
    "1 failed": "The snapshot could not be written; what was seen is in details.observations.",
  },
  dryRun: "Names the file that it would write (details.wouldWrite), and looks at nothing.",
  example: `snapshot-heartbeat:
  uses: heartbeat
  options: { variables: [SENDGRID_API_KEY, DIGEST_EMAIL_FROM, DIGEST_EMAIL_TO] }
  schedule: { every: 6h }
  in: web`,
};
