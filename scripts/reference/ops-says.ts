/** The text for each request under /ops. The generator fails for a route without a text. */
export const OPS_SAYS: Readonly<Record<string, string>> = {
  "GET /ops": "The console.",
  "GET /ops/assets/<file>": "Its script, style and icon.",
  "POST /ops/login":
    "Takes `{ token }` and returns a cookie for 12 hours and the value of `x-csrf-token`, which each change must send. Wrong tokens are rate limited, here and as Bearer: 5 a minute for a client, 60 for all. The right one is never refused.",
  "GET /ops/login": "The login of the request.",
  "POST /ops/logout": "Ends it.",
  "GET /ops/checks":
    "Every check as `OK`, `CHECK` or `FAIL`: health, files, toggles, stores, schedules, last runs, caches, variables, channels.",
  "POST /ops/checks/run": "Runs all of them now (all smoke tests).",
  "GET /ops/verify": "`{ ok, git_sha, overall, items }`, for pipelines.",
  "GET /ops/jobs":
    "Every job with its schedule in words, last run, next runs in local time and UTC, toggles and inputs.",
  "GET /ops/jobs/<job>": "One of them.",
  "POST /ops/jobs/<job>/run": "Starts a run: `{ actor?, dryRun?, input?, runId? }`.",
  "GET /ops/runs": "Run records, newest first: `?job=&status=&since=&until=&text=&limit=`.",
  "GET /ops/runs/<id>": "202 while the run is in progress, then its record.",
  "POST /ops/runs/<id>/stop":
    "Stops a run of this process: `{ actor? }`. It is recorded as interrupted, and its slot does not run again.",
  "GET /ops/alerts":
    "Active silences, recent alerts with their deliveries, and the channels: `?limit=`.",
  "POST /ops/alerts/silence":
    "`{ minutes, reason?, match?, actor? }`: silences all alerts, or those whose key contains `match`, for 1 to 240 minutes.",
  "DELETE /ops/alerts/silence": "Ends all silences.",
  "DELETE /ops/alerts/silence/<id>": "Ends one.",
  "POST /ops/alerts/resend":
    "Sends again what the last run of `alerts-flush` sent: `{ job?, actor? }`.",
  "POST /ops/alerts/test": "Sends a test message through every channel and returns each result.",
  "GET /ops/backups":
    "Backups of SQLite databases, newest first, with size, reason, checksum, verification result and row counts.",
  "POST /ops/backups": "Takes a backup: `{ job?, actor? }`.",
  "GET /ops/backups/<file>":
    "Downloads a backup; compare `x-checksum-sha256` with the file. Takes `Range` and `HEAD`.",
  "POST /ops/backups/<file>/verify": "Runs a restore drill of a backup.",
  "POST /ops/backups/<file>/restore":
    "Restores the database from a backup: `{ confirm: <file>, actor? }`.",
  "PUT /ops/backups/uploads/<file>":
    "Uploads a database file with `x-checksum-sha256`; `?actor=&job=`.",
  "POST /ops/backups/uploads/<file>/restore":
    "Restores the database from an upload: `{ confirm: <file>, actor? }`.",
  "GET /ops/files": "The persisted directories and files of the disk.",
  "GET /ops/files/<path>": "Lists a directory or downloads a file, a part of it with `Range`.",
  "PUT /ops/files/<path>":
    "Replaces a file and keeps the previous one beside it. Optional headers: `x-checksum-sha256`, `x-ops-actor`.",
  "GET /ops/toggles": "Toggles with their reasons, and who changed them and when.",
  "POST /ops/toggles/<name>": "Sets a toggle that is a file or a Redis key: `{ on, actor? }`.",
  "GET /ops/caches": "Caches with age, next refresh, last result, retries and actor.",
  "POST /ops/caches/<bucket>/refresh": "Refreshes one cache, or `all`: `{ actor? }`.",
  "GET /ops/digest": "Health and the age of each cache in a few lines.",
  "GET /ops/migrations":
    "Migrations of the app's SQLite database: registered, executed, pending, failed.",
  "POST /ops/migrations/run": "Runs the pending migrations.",
  "GET /ops/queues": "The lengths of the queues that jobs, checks and rules name.",
  "GET /ops/version": "System, stack, commit, version of the runtime, state of the app.",
  "POST /ops/reload": "Reads toggles again and marks every cache as stale: `{ actor? }`.",
  "POST /ops/restart": "Restarts the app gracefully: `{ actor?, reason? }`.",
};

/** The text for each path of a runbook. */
export const PRESET_SAYS: Readonly<Record<string, string>> = {
  "GET /ops/jobs": "Last run of each job of the app's own scheduler, from its table.",
  "GET /ops/version": "The commit, its first seven characters, and what runs.",
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
  "POST /api/admin/migrations/run": "Runs the pending migrations.",
  "GET /api/admin/system-info": "The system, its disk and its database.",
};
