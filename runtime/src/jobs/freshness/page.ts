import type { JobPage } from "../job.ts";

/** What the reference says of `freshness`. */
export const freshnessPage: JobPage = {
  alsoKnownAs: ["Deploy Guardian", "ops/verify", "freshness guardian"],
  does: [
    "Asks the backend, the frontend and the main branch for their commits; a short commit equals the long one that it begins.",
    "OK: all are the same. BACKEND_DRIFT: the backend, or both, are behind main. FRONTEND_DRIFT: only the frontend is. SPLIT_BRAIN: they run different commits, and neither is known to be main's. UNKNOWN: a commit is not told, or main's is not known. ERROR: the backend or the frontend did not answer.",
    "Looks how old the last good run of each job is, by the records of its process or by another one's /ops/jobs.",
    "Tells of a change, and again once an hour while something is wrong; what no channel took is told by the next run.",
  ],
  artifacts: {
    "state file": 'freshness-<job>.json: {"freshness": "OK", "stale": [], "toldAt": null}',
    alert:
      "rule at a change and every hour, resolved when all is well again; details: freshness, backend, frontend, main, stale",
    record: "details: the same, and told",
  },
  exits: {
    "0 ok": "OK or UNKNOWN, and no job is too old.",
    "1 failed": "Any other state, or a job is too old.",
    "78 failed": "A place has no URL.",
  },
  dryRun:
    "Asks, tells nobody, and says whether it would (details.wouldTell); its state stays as it was.",
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
