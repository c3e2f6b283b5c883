import type { JobPage } from "../job.ts";

/** The reference page of `run-summary`. */
export const runSummaryPage: JobPage = {
  alsoKnownAs: ["cron summary", "[cron] summary"],
  does: [
    "Reads the run records of the last hours: those of its own process, or those of the whole stack if it has a shared store.",
    "Computes for each job: runs, skipped, failed, okPercent, avgMs, p95Ms (nearest rank) and retries.",
    "Sends one message with all figures.",
  ],
  artifacts: {
    "log line": "run summary: one for each job, with its figures",
    alert: "notice: the number of runs and jobs, and which jobs failed",
    record: "details.jobs: the figures; details.delivery: the result of sending the message",
  },
  exits: { "0 ok": "Always, if the records can be read." },
  dryRun: "Computes the figures (details.jobs), and neither logs nor sends them.",
  example: `cron-summary:
  uses: run-summary
  schedule: { daily: "00:05", timezone: UTC }
  in: web`,
};
