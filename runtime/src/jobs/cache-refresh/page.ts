import type { JobPage } from "../job.ts";

/** The reference page of `cache-refresh`. */
export const cacheRefreshPage: JobPage = {
  alsoKnownAs: ["!ops refresh <bucket|all>", "refresh_now", "cache refresh", "!welcome-refresh"],
  does: [
    "Reads the source of each cache, all at the same time.",
    "After a failure waits 300 s (retry: of the cache) and tries once more. A manual refresh in the meantime does not wait.",
    "A successful read replaces the rows and their time. A failed one changes neither, so readers get the stale value.",
    "With path, url or urlEnv sends a POST with {bucket, trigger, actor} to the app, which refreshes its own cache. The app may answer {result, retries, ttl_expired, count, error}.",
    "Writes one log line for each refresh.",
  ],
  artifacts: {
    "log line":
      "refresh: bucket, trigger (manual, cron, startup), actor, duration in ms, result (ok, retry_ok, fail), retries, ttl_expired, count, error; WARN for a fail",
    record:
      "details.caches: the same fields for each cache; details.input: the input of a manual run",
  },
  exits: {
    "0 ok": "Every cache was read, some perhaps by the second try.",
    "75 failed": "At least one cache was not read. The others are refreshed.",
    "78 failed": "There is no such cache. The message lists the caches.",
  },
  dryRun: "Reads nothing and reports which caches it would refresh (details.wouldRefresh).",
  example: `cache-clans:
  uses: cache-refresh
  options: { bucket: clans }
  schedule: { every: 3h }
  in: web`,
};
