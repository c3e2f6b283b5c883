import type { JobPage } from "../job.ts";

/** The reference page of `keepalive`. */
export const keepalivePage: JobPage = {
  alsoKnownAs: ["HTTP keepalive", "http-keepalive", "F3 pinger", "KEEPALIVE_INTERVAL"],
  does: [
    "Waits for a random part of its jitter. A manual run does not wait.",
    "Requests one page: KEEPALIVE_URL, else url, else the path at RENDER_EXTERNAL_URL, else the path at 127.0.0.1 and PORT.",
    "Refuses an interval of less than 60 s.",
  ],
  artifacts: {
    record:
      "details: httpStatus, from (the variable or option with the URL), jitterMs, ms; never the URL",
  },
  exits: {
    "0 ok": "The status is below 400.",
    "75 failed": "The status is 400 or more, or there was no response in time.",
    "78 failed": "There is no URL, or the interval is shorter than 60 s.",
  },
  dryRun: "Requests nothing and reports which variable or option has the URL (details.from).",
  example: `http-keepalive:
  uses: keepalive
  options: { path: /keepalive }
  schedule: { every: 5m, from: { everySeconds: KEEPALIVE_INTERVAL } }
  in: web`,
};
