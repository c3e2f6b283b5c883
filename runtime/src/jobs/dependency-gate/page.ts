import type { JobPage } from "../job.ts";

/** The reference page of `dependency-gate`. */
export const dependencyGatePage: JobPage = {
  alsoKnownAs: ["ClamAV gate", "CLAMAV_FAIL_CLOSED", "[clamav]", "opspec-runtime gate"],
  does: [
    "Polls all gates at the same time until each is open or its time limit is reached. A clamav gate is open when it answers PONG to PING, a tcp gate when it accepts a connection, an http gate when its status is below 400.",
    "Fails if a gate stays closed. A gate with fail: open only logs a warning. With failClosedEnv the variable decides: only 0 makes it a warning.",
    "The command opspec-runtime gate does the same with the gates of the app, before another program starts.",
  ],
  artifacts: {
    "log line": "whether each gate is open or closed (WARN for one with fail: open)",
    record: "details.open and details.shut: names of the gates; details.problems after a failure",
  },
  exits: {
    "0 ok": "Every gate is open, or has fail: open.",
    "75 failed": "A gate did not open in time.",
    "78 failed": "A gate has no address, or there are no gates.",
  },
  dryRun: "Polls nothing and reports the names of the gates (details.gates).",
  example: `scanner:
  uses: dependency-gate
  options:
    gates:
      - { name: clamav, kind: clamav, hostEnv: CLAMAV_HOST, failClosedEnv: CLAMAV_FAIL_CLOSED }
  schedule: { every: 5m }
  in: web`,
};
