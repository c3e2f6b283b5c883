import { receiveUpload, UploadRefused } from "../../backups/uploads.ts";
import { jsonAnswer, Refusal } from "../json-api/exchange.ts";
import { Actor, actorOf, noteChange } from "../actor.ts";
import { uploadingJob } from "../backup-jobs.ts";
import { CHECKSUM_HEADER } from "../file-download.ts";
import type { OpsExchange, OpsRoute } from "../route.ts";

/** Databases that are sent to be restored. */
export const uploadRoutes: readonly OpsRoute[] = [
  { method: "PUT", path: "/ops/backups/uploads/:file", takesStream: true, answer: upload },
];

/** How a refused upload is answered: too long a body and too little room have a status of their own. */
const STATUSES: Readonly<Record<UploadRefused["reason"], number>> = {
  name: 400,
  size: 413,
  room: 507,
  checksum: 400,
};

/** Keeps a file under its name for a restore, as a whole or not at all. */
export async function upload(exchange: OpsExchange): Promise<Response> {
  const { ops, request, params, query } = exchange;
  const name = params["file"] ?? "";
  const { job, place } = uploadingJob(ops.process, query.get("job"));
  const sha256 = request.headers.get(CHECKSUM_HEADER) ?? "";
  if (!/^[0-9a-f]{64}$/i.test(sha256)) {
    throw new Refusal(400, `${CHECKSUM_HEADER}: should be the file's SHA-256 in hexadecimal`);
  }
  const by = uploader(exchange);
  const body = request.body ?? new ReadableStream<Uint8Array>({ start: (it) => it.close() });
  const { uploads: directory, uploadBytesMax: bytesMax } = place;
  try {
    const wanted = { directory, name, body, sha256, bytesMax, by };
    const receipt = await receiveUpload(wanted, ops.process.clock.now());
    noteChange(exchange, { actor: by, did: "upload", file: name, sha256: receipt.sha256 });
    return jsonAnswer(201, { file: name, restoredBy: job.name, ...receipt });
  } catch (error) {
    if (error instanceof UploadRefused) throw new Refusal(STATUSES[error.reason], error.message);
    throw error;
  }
}

/** The body is the file, so that who sends it is said in the query. */
function uploader(exchange: OpsExchange): string {
  const said = exchange.query.get("actor");
  if (said === null) return actorOf(exchange);
  const actor = Actor.safeParse(said);
  if (actor.success) return actor.data;
  throw new Refusal(400, "actor: should be `manual <who>`");
}
