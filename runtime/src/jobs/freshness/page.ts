import type { JobPage } from "../job.ts";

/** The reference page of `freshness`. */
export const freshnessPage: JobPage = {
  alsoKnownAs: ["Deploy Guardian", "ops/verify", "freshness guardian"],
  does: [
    "Reads the commits of the backend, the frontend and the main branch. A short commit equals a long one that begins with it.",
    "OK: all are the same. BACKEND_DRIFT: the backend, or both, are behind main. FRONTEND_DRIFT: only the frontend is behind. SPLIT_BRAIN: they run different commits, and neither is known to be main's. UNKNOWN: a commit is not known. ERROR: the backend or the frontend did not answer.",
    "Checks the age of the last good run of each job, in the run records of its process or in /ops/jobs of another one.",
    "Sends an alert after a change, and a reminder every hour while something is wrong. If no channel took it, the next run sends it again.",
  ],
  artifacts: {
    "state file": 'freshness-<job>.json: {"freshness": "OK", "stale": [], "toldAt": null}',
    alert:
      "rule after a change and every hour, resolved once all is well; details: freshness, backend, frontend, main, stale",
    record: "details: the same, and told (whether an alert was sent)",
  },
  exits: {
    "0 ok": "OK or UNKNOWN, and every job ran recently enough.",
    "1 failed": "Any other state, or the last good run of a job is too old.",
    "78 failed": "A URL is missing or invalid.",
  },
  dryRun:
    "Reads all, sends nothing, and reports whether it would (details.wouldTell). The state does not change.",
  example: `guardian:
  uses: freshness
  options:
    backend: { url: https://api.example.com/ops/verify, tokenEnv: OPS_VERIFY_TOKEN, header: x-ops-token }
    frontend: { url: https://www.example.com/api/version }
    main: { url: https://api.github.com/repos/example/app/commits/main }
    jobs: [{ job: apisports_refresh, withinSeconds: 25200 }]
  schedule: { every: 15m }
  in: web`,
};
