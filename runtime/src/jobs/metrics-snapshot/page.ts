import type { JobPage } from "../job.ts";

/** What the reference says of it. */
export const metricsSnapshotPage: JobPage = {
  alsoKnownAs: ["Metrics snapshot", "scrape worker /metrics"],
  does: [
    "Asks the metrics path for JSON, and takes Prometheus text as well.",
    "Keeps the values in the record of the run, or as a line in the file of the day; the oldest files beyond keepDays are removed.",
    "Fails when anything could not be read, also a single source that the metrics tell as unread: a gap is never a 0.",
  ],
  artifacts: {
    record: "details {metrics}, or {file, removed} with a directory",
    "<directory>/metrics_YYYYMMDD.jsonl": "a line a snapshot: {ts, metrics}",
  },
  exits: {
    "0 ok": "Everything was read and kept.",
    "1 failed": "The answer is no metrics, or lacks a source that could not be read.",
    "75 failed": "No answer in time, a 5xx, 408, 425 or 429.",
    "78 failed": "The URL is not set or is none, or the token cannot be sent.",
  },
  dryRun: "Says where it would write, and asks nobody.",
  example: `metrics-snapshot:
  uses: metrics-snapshot
  schedule: { every: 1h }
  on: render
  options: { urlEnv: WORKER_METRICS_URL }
  env: { WORKER_METRICS_URL: { privateUrl: worker, path: /metrics } }
`,
};
