import type { JobPage } from "../job.ts";

/** What the reference says of `cache-refresh`. */
export const cacheRefreshPage: JobPage = {
  alsoKnownAs: ["!ops refresh <bucket|all>", "refresh_now", "cache refresh", "!welcome-refresh"],
  does: [
    "Reads the source of each cache, all of them at the same time.",
    "After a failure it waits 300 s (retry: of the cache) and tries once more; a person who asks meanwhile need not wait.",
    "A good read replaces the rows and their time; a failed one leaves both as they were, so that readers get the stale value.",
    "With path, url or urlEnv it asks the app to refresh a cache of its own instead: POST with {bucket, trigger, actor}. The app may answer {result, retries, ttl_expired, count, error}.",
    "Tells each refresh in one log line.",
  ],
  artifacts: {
    "log line":
      "refresh: bucket, trigger (manual, cron, startup), actor, duration in ms, result (ok, retry_ok, fail), retries, ttl_expired, count, error; WARN for a fail",
    record: "details.caches: the same of each cache; details.input: what was asked for by hand",
  },
  exits: {
    "0 ok": "Every cache was read, also when only by its second try.",
    "75 failed": "At least one was not read; the others were.",
    "78 failed": "There is no such cache; the message names those that there are.",
  },
  dryRun: "Reads nothing and says which caches would be refreshed (details.wouldRefresh).",
  example: `cache-clans:
  uses: cache-refresh
  options: { bucket: clans }
  schedule: { every: 3h }
  in: web`,
};
