/** What each request under /ops does. A route that is not here fails the generator. */
export const OPS_SAYS: Readonly<Record<string, string>> = {
  "GET /ops": "The console.",
  "GET /ops/assets/<file>": "Its script, style and icon.",
  "POST /ops/login":
    "`{ token }` for a cookie of 12 hours, and the value of `x-csrf-token` that each change must send with it. Wrong tokens are slowed down.",
  "GET /ops/login": "The login with which the request comes.",
  "POST /ops/logout": "Ends it.",
  "GET /ops/checks":
    "Everything that can be looked at, `OK`, `CHECK` or `FAIL` each: health, files, toggles, stores, schedules, last runs, caches, variables, channels.",
  "POST /ops/checks/run": "The same, looked at again now: all smoke tests at once.",
  "GET /ops/verify": "`{ ok, git_sha, overall, items }`, for pipelines.",
  "GET /ops/jobs":
    "Every job: schedule in words, last run, next runs in local time and UTC, toggles, inputs.",
  "GET /ops/jobs/<job>": "One of them.",
  "POST /ops/jobs/<job>/run": "Starts a run: `{ actor?, dryRun?, input?, runId? }`.",
  "GET /ops/runs": "Records, newest first: `?job=&status=&since=&until=&text=&limit=`.",
  "GET /ops/runs/<id>": "202 while it runs, then its record.",
  "GET /ops/alerts":
    "Silences that hold, the last alerts with what became of them, and the channels: `?limit=`.",
  "POST /ops/alerts/silence":
    "`{ minutes, reason?, match?, actor? }`: 1 to 240 minutes, for all alerts or those whose key holds `match`.",
  "DELETE /ops/alerts/silence": "Ends all silences.",
  "DELETE /ops/alerts/silence/<id>": "Ends one.",
  "POST /ops/alerts/resend":
    "Tells again what the last run of `alerts-flush` told: `{ job?, actor? }`.",
  "POST /ops/alerts/test": "Sends a test through every channel and tells what came of each.",
  "GET /ops/backups":
    "Backups of SQLite databases, newest first, with size, reason, checksum, verdict and row counts.",
  "POST /ops/backups": "Takes one: `{ job?, actor? }`.",
  "GET /ops/backups/<file>": "Downloads one; `x-checksum-sha256` tells whether all of it came.",
  "POST /ops/backups/<file>/verify": "A restore drill of one.",
  "POST /ops/backups/<file>/restore":
    "Puts one in place of the database: `{ confirm: <file>, actor? }`.",
  "PUT /ops/backups/uploads/<file>":
    "Takes a database file with `x-checksum-sha256`; `?actor=&job=`.",
  "POST /ops/backups/uploads/<file>/restore": "Restores it: `{ confirm: <file>, actor? }`.",
  "GET /ops/files": "What is kept on the disk: directories and files.",
  "GET /ops/files/<path>": "A directory as a list, or a file as a download.",
  "PUT /ops/files/<path>":
    "Puts a file back; the one of before is kept beside it. `x-checksum-sha256` and `x-ops-actor` may be sent.",
  "GET /ops/toggles": "Toggles with their reasons, and who changed them when.",
  "POST /ops/toggles/<name>": "`{ on, actor? }` for those that are a file or a key in Redis.",
  "GET /ops/caches": "Caches with their age, next refresh, last result, retries and actor.",
  "POST /ops/caches/<bucket>/refresh": "Refreshes one, or `all`: `{ actor? }`.",
  "GET /ops/digest": "Health and the age of each cache in a few lines.",
  "GET /ops/migrations":
    "Migrations of the app's SQLite database: registered, executed, pending, failed.",
  "POST /ops/migrations/run": "Runs what is pending.",
  "GET /ops/queues": "Lengths of the queues that jobs, checks and rules name.",
  "GET /ops/version": "System, stack, commit, version of the runtime, state of the app.",
  "POST /ops/reload": "Reads toggles again and makes every cache too old: `{ actor? }`.",
  "POST /ops/restart": "Restarts the app in order: `{ actor?, reason? }`.",
};

/** What each path of a runbook does. */
export const PRESET_SAYS: Readonly<Record<string, string>> = {
  "GET /ops/jobs": "Last run of each job of the app's own scheduler, from its table.",
  "GET /ops/version": "Commit, seven characters of it, and what runs.",
  "GET /ops/verify": "`{ ok, git_sha }`, for the deploy guardian.",
  "POST /api/admin/backup-now": "Takes a backup and waits for it.",
  "GET /api/admin/backups": "The list of backups.",
  "GET /api/admin/backups/<file>": "Downloads one.",
  "POST /api/admin/backups/<file>/restore": "As `POST /ops/backups/<file>/restore`.",
  "PUT /api/admin/backups/uploads/<file>": "As `PUT /ops/backups/uploads/<file>`.",
  "POST /api/admin/backups/uploads/<file>/restore":
    "As `POST /ops/backups/uploads/<file>/restore`.",
  "GET /api/admin/backup-status": "The scheduler of backups, the latest one and the next ones due.",
  "GET /api/admin/migrations": "Registered, executed, pending and failed migrations.",
  "POST /api/admin/migrations/run": "Runs what is pending.",
  "GET /api/admin/system-info": "The system, its disk and its database.",
};
