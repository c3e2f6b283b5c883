import type { JobPage } from "../job.ts";

/** The reference page of `watchdog`. */
export const watchdogPage: JobPage = {
  alsoKnownAs: ["parlaygorilla-watchdog", "health-watchdog.sh", "WATCHDOG_*"],
  does: [
    "Probes all pages at the same time. Each must answer in time with a status below 400.",
    "Counts failures in a row in its state file. A success resets the count. A file that cannot be read counts as zero failures.",
    "Does not count failures shortly after the machine started.",
    "After enough failures saves the time of the restart, logs the output of the debug commands, and restarts with the command or restarts the supervised app, which does not count as a crash.",
    "Does not restart again before the cooldown is over, even if the run ended before the restart did.",
  ],
  artifacts: {
    "state file": 'watchdog-<job>.json: {"failures": 0, "restartedAt": null}',
    "log lines":
      "debug dump before the restart, the output of the debug commands, the watchdog restarts",
    record: "details: problems, failures, why, restarted",
  },
  exits: {
    "0 ok": "Every page answered.",
    "1 failed": "A page did not answer. The message says whether the watchdog restarted the app.",
    "78 failed": "A URL is invalid, or there is no way to restart.",
    "124 timed-out":
      "The restart took longer than the deadline of the run. It is not repeated before the cooldown is over.",
  },
  dryRun:
    "Probes and reports whether it would restart (details.wouldRestart). The state does not change.",
  example: `watchdog:
  uses: watchdog
  options:
    url: [http://127.0.0.1:8000/health, http://127.0.0.1:8000/healthz]
    debug: [ps aux, free -m]
  schedule: { every: 60s }
  in: web`,
};
