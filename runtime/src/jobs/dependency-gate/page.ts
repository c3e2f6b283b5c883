import type { JobPage } from "../job.ts";

/** What the reference says of `dependency-gate`. */
export const dependencyGatePage: JobPage = {
  alsoKnownAs: ["ClamAV gate", "CLAMAV_FAIL_CLOSED", "[clamav]", "opspec-runtime gate"],
  does: [
    "Knocks at every gate at the same time, again and again, until each answers or its time is over: clamav says PONG to PING, tcp accepts a connection, http answers with less than 400.",
    "A gate that stays shut fails the run. With fail: open it warns; with failClosedEnv the variable decides, and only 0 opens.",
    "As the command opspec-runtime gate it does the same with the gates of the app, before something else is started.",
  ],
  artifacts: {
    "log line": "a gate is open, or (WARN) a gate is closed and declared open",
    record: "details.open and details.shut: names of the gates; details.problems for a failure",
  },
  exits: {
    "0 ok": "Every gate is open, or declared open.",
    "75 failed": "A gate did not open in time.",
    "78 failed": "A gate does not say where it is, or there are no gates.",
  },
  dryRun: "Knocks nowhere and names the gates (details.gates).",
  example: `scanner:
  uses: dependency-gate
  options:
    gates:
      - { name: clamav, kind: clamav, hostEnv: CLAMAV_HOST, failClosedEnv: CLAMAV_FAIL_CLOSED }
  schedule: { every: 5m }
  in: web`,
};
