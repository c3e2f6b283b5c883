import type { JobPage } from "../job.ts";

/** The reference page of `offsite-copy`. */
export const offsiteCopyPage: JobPage = {
  alsoKnownAs: ["backup artifact of backup-database.yml", "off-site backup"],
  does: [
    "Selects the newest backups that have a note and did not fail a restore drill.",
    "Skips backups that are in the bucket with the same size and checksum.",
    "Reads each file again and refuses it if its checksum differs from its note.",
    "Uploads the note, then the file as a stream with its SHA-256 and MD5, so that the service refuses a corrupted body. Retries 429, 5xx and broken connections, with four attempts in total.",
    "Verifies the object: size, checksum, and the etag if it is an MD5.",
    "With keep removes the oldest objects of this prefix, but only if everything above succeeded.",
  ],
  artifacts: {
    object: "<bucket>/<folder>/<backup>, with x-amz-meta-sha256",
    "note object": "<bucket>/<folder>/<backup>.json",
    record: "details: copied, present, removed",
  },
  exits: {
    "0 ok": "The newest verified backups are in the bucket.",
    "1 failed": "A file or an object is corrupted. The others were copied.",
    "75 failed": "The service does not respond, or there is no verified backup.",
    "78 failed":
      "A key is not set, or the service refuses it. The key needs the rights to list the bucket and to get, put and (with keep) delete its objects.",
  },
  dryRun:
    "Reads the bucket and reports what it would copy and remove. Uploads and removes nothing.",
  example: `backup-offsite:
  uses: offsite-copy
  schedule: { daily: "04:00" }
  in: web
  options:
    directory: /var/data/backups
    prefix: shop_
    endpoint: { env: BUCKET_ENDPOINT, default: https://s3.eu-central-1.amazonaws.com }
    bucket: shop-backups
    region: eu-central-1
    keep: 30
  retries: { max: 3, backoff: 5m, on: [75] }
  alerts: { on: [fail, late] }`,
};
