import type { JobPage } from "../job.ts";

/** What the reference says of it. */
export const httpPage: JobPage = {
  alsoKnownAs: ["curl", "internal endpoints that a cron job calls"],
  does: [
    "Calls the URL once, with the token where one is set.",
    "Follows no redirect: it is a bad answer, and the token goes nowhere else.",
    "Takes any status from 200 to 299 for good, or only the one that is named.",
  ],
  artifacts: { record: "details {httpStatus}, and of a bad answer the first 200 characters" },
  exits: {
    "0 ok": "A good answer.",
    "1 failed": "An answer that another try would not change.",
    "75 failed": "No answer in time, a 5xx, 408, 425 or 429.",
    "78 failed": "The URL is not set or is none, or the token cannot be sent.",
  },
  dryRun: "Looks whether the URL is one, and calls nobody.",
  example: `refresh:
  uses: http
  schedule: { every: 1h }
  on: render
  options: { urlEnv: REFRESH_URL, method: POST, tokenEnv: REFRESH_TOKEN }
  env:
    REFRESH_URL: { privateUrl: web, path: /internal/refresh }
    REFRESH_TOKEN: { secret: REFRESH_TOKEN }
  retries: { max: 3, backoff: 5s, on: [75] }
`,
};
