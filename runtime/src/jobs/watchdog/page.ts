import type { JobPage } from "../job.ts";

/** What the reference says of `watchdog`. */
export const watchdogPage: JobPage = {
  alsoKnownAs: ["parlaygorilla-watchdog", "health-watchdog.sh", "WATCHDOG_*"],
  does: [
    "Asks for every page at the same time; each must answer in time with less than 400.",
    "Counts failures in a row in its state file; a good look clears the count, and a file that cannot be read counts as none.",
    "Counts nothing while the machine has just started.",
    "After enough failures it logs the debug commands' output, notes the restart in its state, and restarts: by the command, or the app of its process, which does not count as a crash.",
    "After a restart there is no other one before the cooldown is over, also when the run was ended before the restart was.",
  ],
  artifacts: {
    "state file": 'watchdog-<job>.json: {"failures": 0, "restartedAt": null}',
    "log lines":
      "debug dump before the restart, the output of the debug commands, the watchdog restarts",
    record: "details: problems, failures, why, restarted",
  },
  exits: {
    "0 ok": "Every page answered.",
    "1 failed": "A page did not answer; the message says whether it restarted.",
    "78 failed": "A page is no URL, or nothing says how to restart.",
    "124 timed-out":
      "The restart took longer than the run may; it is not made again before the cooldown is over.",
  },
  dryRun:
    "Looks, and says whether it would restart (details.wouldRestart); its state stays as it was.",
  example: `watchdog:
  uses: watchdog
  options:
    url: [http://127.0.0.1:8000/health, http://127.0.0.1:8000/healthz]
    debug: [ps aux, free -m]
  schedule: { every: 60s }
  in: web`,
};
