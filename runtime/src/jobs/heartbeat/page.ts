import type { JobPage } from "../job.ts";

/** The reference page of `heartbeat`. */
export const heartbeatPage: JobPage = {
  alsoKnownAs: ["snapshot_heartbeat", "python workers/snapshot_heartbeat.py"],
  does: [
    "Runs each program with --version. One that cannot be started is MISSING.",
    "Checks each directory: OK if it can be written, CREATED if it was missing, else ERROR.",
    "Checks whether each variable is SET or MISSING. The snapshot never contains values.",
    "Writes a CSV with the columns section, key and value.",
  ],
  artifacts: {
    file: "snapshots/heartbeat_YYYYmmdd_HHMMSS.csv, with the time in UTC; a number is added if a second has several",
    record: "details.file, errors (directories), missing (programs and variables)",
  },
  exits: {
    "0 ok":
      "The snapshot is written, even if it shows errors. Use a check or an alert to report those.",
    "1 failed": "The snapshot could not be written. details.observations has its content.",
  },
  dryRun: "Reports the file that it would write (details.wouldWrite), and checks nothing.",
  example: `snapshot-heartbeat:
  uses: heartbeat
  options: { variables: [SENDGRID_API_KEY, DIGEST_EMAIL_FROM, DIGEST_EMAIL_TO] }
  schedule: { every: 6h }
  in: web`,
};
