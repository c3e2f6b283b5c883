import { COMMAND_EXITS, type JobPage } from "../job.ts";

/** The reference page of `command`. */
export const commandPage: JobPage = {
  alsoKnownAs: ["Render cron command", "make targets", "pnpm and python scripts"],
  does: [
    "Runs the command with /bin/sh in the app's directory and with the app's environment, in a process group of its own.",
    "Sets OPSPEC_JOB, OPSPEC_RUN_ID, OPSPEC_SCHEDULED_FOR, OPSPEC_ATTEMPT and OPSPEC_ACTOR for the command.",
    "When the run must end, sends SIGTERM to the whole group, and SIGKILL after the grace period.",
  ],
  artifacts: {
    log: "one line for each line of output",
    record: "the exit code; after a failure also the last part of the output",
  },
  exits: COMMAND_EXITS,
  dryRun: "Reports the command and runs nothing.",
  example: `nightly-report:
  command: python report.py
  schedule: { daily: "03:00" }
  in: web
  deadline: 10m
`,
};
