import type { JobPage } from "../job.ts";

/** What the reference says of `run-summary`. */
export const runSummaryPage: JobPage = {
  alsoKnownAs: ["cron summary", "[cron] summary"],
  does: [
    "Looks through the records of the last hours: those of its own process, or of the stack where they are kept together.",
    "Sums up each job: runs, skipped, failed, okPercent, avgMs, p95Ms (by the nearest rank), retries.",
    "Tells all of them in one message.",
  ],
  artifacts: {
    "log line": "run summary: one for each job, with its figures",
    alert: "notice: how many runs of how many jobs, and which failed",
    record: "details.jobs: the figures; details.delivery: what became of the message",
  },
  exits: { "0 ok": "Always, when the records can be read." },
  dryRun: "Sums up, and neither logs nor sends it (details.jobs).",
  example: `cron-summary:
  uses: run-summary
  schedule: { daily: "00:05", timezone: UTC }
  in: web`,
};
