import type { JobPage } from "../job.ts";

/** What the reference says of `offsite-copy`. */
export const offsiteCopyPage: JobPage = {
  alsoKnownAs: ["backup artifact of backup-database.yml", "off-site backup"],
  does: [
    "Takes the newest backups that have a note and that no restore drill found bad.",
    "Skips what is in the bucket with the same size and checksum.",
    "Reads each file again and refuses one that is not what its note says.",
    "Sends it as a stream, signed with its SHA-256 and with its MD5, so that the service refuses a body that changed; 429, 5xx and broken connections are tried again, four times in all.",
    "Sends the note before it, and afterwards looks at the object: size, checksum, and the etag where it is an MD5.",
    "With keep: removes the objects of this prefix that are too many, and only after everything above went well.",
  ],
  artifacts: {
    object: "<bucket>/<folder>/<backup>, with x-amz-meta-sha256",
    "note object": "<bucket>/<folder>/<backup>.json",
    record: "details: copied, present, removed",
  },
  exits: {
    "0 ok": "The newest verified backups are in the bucket.",
    "1 failed": "A file or an object is not what it should be; the others were copied.",
    "75 failed": "The service is away, or there is no verified backup.",
    "78 failed":
      "A key is not set, or the service refuses it. It needs the rights to list the bucket and to get, put and (with keep) delete its objects.",
  },
  dryRun: "Looks at the bucket and says what it would copy and remove; sends and removes nothing.",
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
