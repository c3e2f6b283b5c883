import type { JobPage } from "../job.ts";

/** The reference page of `metrics-snapshot`. */
export const metricsSnapshotPage: JobPage = {
  alsoKnownAs: ["Metrics snapshot", "scrape worker /metrics"],
  does: [
    "Requests the metrics as JSON, and also accepts Prometheus text.",
    "Keeps the values in the run record, or as a line in the file of the day. It removes the oldest files beyond keepDays.",
    "Fails if a value could not be read, including a single source that the metrics report as unread, so that a gap never looks like a 0.",
  ],
  artifacts: {
    record: "details {metrics}, or {file, removed} with a directory",
    "<directory>/metrics_YYYYMMDD.jsonl": "one line for each snapshot: {ts, metrics}",
  },
  exits: {
    "0 ok": "All values were read and kept.",
    "1 failed": "The response is not metrics, or lacks a source that could not be read.",
    "75 failed": "No response in time, or status 5xx, 408, 425 or 429.",
    "78 failed": "The URL is missing or invalid, or the token cannot be sent.",
  },
  dryRun: "Reports where it would write, and requests nothing.",
  example: `metrics-snapshot:
  uses: metrics-snapshot
  schedule: { every: 1h }
  on: render
  options: { urlEnv: WORKER_METRICS_URL }
  env: { WORKER_METRICS_URL: { privateUrl: worker, path: /metrics } }
`,
};
