import type { JobPage } from "../job.ts";

/** What the reference says of `keepalive`. */
export const keepalivePage: JobPage = {
  alsoKnownAs: ["HTTP keepalive", "http-keepalive", "F3 pinger", "KEEPALIVE_INTERVAL"],
  does: [
    "Waits for a random part of its jitter; a run by hand does not wait.",
    "Asks for one page: what KEEPALIVE_URL says, else url, else RENDER_EXTERNAL_URL with the path, else 127.0.0.1 and PORT with the path.",
    "An interval of less than 60 s is refused.",
  ],
  artifacts: {
    record: "details: httpStatus, from (what said where to ask), jitterMs, ms; never the URL",
  },
  exits: {
    "0 ok": "The page answered with less than 400.",
    "75 failed": "It answered with 400 or more, or not in time.",
    "78 failed": "Nothing says where to ask, or the interval is shorter than 60 s.",
  },
  dryRun: "Asks nobody and says what would tell it where to ask (details.from).",
  example: `http-keepalive:
  uses: keepalive
  options: { path: /keepalive }
  schedule: { every: 5m, from: { everySeconds: KEEPALIVE_INTERVAL } }
  in: web`,
};
