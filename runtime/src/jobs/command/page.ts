import type { JobPage } from "../job.ts";

/** How every job ends that is a command of the app. */
export const commandExits = {
  "0 ok": "The command ended with 0.",
  "75 or 78 failed": "The command ended with that code.",
  "1 failed":
    "It ended with any other code, which is in the record with the last part of what it wrote.",
  "124 timed-out": "It took longer than the job's deadline.",
};

/** What the reference says of it. */
export const commandPage: JobPage = {
  alsoKnownAs: ["Render cron command", "make targets", "pnpm and python scripts"],
  does: [
    "Runs the command by /bin/sh in the app's directory and with its environment, as a process group of its own.",
    "Tells it of its run in OPSPEC_JOB, OPSPEC_RUN_ID, OPSPEC_SCHEDULED_FOR, OPSPEC_ATTEMPT and OPSPEC_ACTOR.",
    "Ends the whole group with SIGTERM, and after the grace with SIGKILL, when the run must end.",
  ],
  artifacts: {
    log: "a line for each line of the command",
    record: "the exit code, and on failure the last part of what it wrote",
  },
  exits: commandExits,
  dryRun: "Says what it would run, and runs nothing.",
  example: `nightly-report:
  command: python report.py
  schedule: { daily: "03:00" }
  in: web
  deadline: 10m
`,
};
