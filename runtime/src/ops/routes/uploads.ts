import { receiveUpload, UploadRefused } from "../../backups/uploads.ts";
import { json, HttpError } from "../../http.ts";
import { Actor, actorOf, logChange } from "../api.ts";
import { uploadingJob } from "../backup-jobs.ts";
import { CHECKSUM_HEADER } from "../file-download.ts";
import type { OpsContext, OpsRoute } from "../api.ts";

/** Databases that are sent to be restored. */
export const uploadRoutes: readonly OpsRoute[] = [
  { method: "PUT", path: "/ops/backups/uploads/:file", answer: upload },
];

/** How a refused upload is answered: too long a body and too little room have a status of their own. */
const STATUSES: Readonly<Record<UploadRefused["reason"], number>> = {
  name: 400,
  size: 413,
  room: 507,
  checksum: 400,
};

/** Keeps a file under its name for a restore, as a whole or not at all. */
export async function upload(c: OpsContext): Promise<Response> {
  const { ops } = c.var;
  const request = c.req.raw;
  const name = c.req.param("file") ?? "";
  const { job, place } = uploadingJob(ops.process, c.req.query("job"));
  const sha256 = request.headers.get(CHECKSUM_HEADER) ?? "";
  if (!/^[0-9a-f]{64}$/i.test(sha256)) {
    throw new HttpError(400, `${CHECKSUM_HEADER}: should be the file's SHA-256 in hexadecimal`);
  }
  const by = uploader(c);
  const body = request.body ?? new ReadableStream<Uint8Array>({ start: (it) => it.close() });
  const { uploads: directory, uploadBytesMax: bytesMax } = place;
  try {
    const wanted = { directory, name, body, sha256, bytesMax, by };
    const receipt = await receiveUpload(wanted, ops.process.clock.now());
    logChange(c, { actor: by, did: "upload", file: name, sha256: receipt.sha256 });
    return json(201, { file: name, restoredBy: job.name, ...receipt });
  } catch (error) {
    if (error instanceof UploadRefused) throw new HttpError(STATUSES[error.reason], error.message);
    throw error;
  }
}

/** The body is the file, so that who sends it is said in the query. */
function uploader(c: OpsContext): string {
  const said = c.req.query("actor");
  if (said === undefined) return actorOf(c);
  const actor = Actor.safeParse(said);
  if (actor.success) return actor.data;
  throw new HttpError(400, "actor: should be `manual <who>`");
}
