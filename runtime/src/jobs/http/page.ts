import type { JobPage } from "../job.ts";

/** The reference page of `http`. */
export const httpPage: JobPage = {
  alsoKnownAs: ["curl", "internal endpoints that a cron job calls"],
  does: [
    "Calls the URL once, with the token if there is one.",
    "Does not follow redirects. A redirect is a failure, so that the token stays with its host.",
    "Succeeds with a status from 200 to 299, or only with the status in the options.",
  ],
  artifacts: {
    record: "details {httpStatus}; after a failure also the first 200 characters of the body",
  },
  exits: {
    "0 ok": "The status is a success.",
    "1 failed": "The status is an error that a retry does not change.",
    "75 failed": "No response in time, or status 5xx, 408, 425 or 429.",
    "78 failed": "The URL is missing or invalid, or the token cannot be sent.",
  },
  dryRun: "Validates the URL and calls nothing.",
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
