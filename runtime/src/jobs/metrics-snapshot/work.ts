import { resolve } from "node:path";
import { type JobContext, JobFailure, type JobOutcome } from "../definition.ts";
import { redactDeep } from "../../redaction.ts";
import { type Clock, SYSTEM_CLOCK } from "../../run/clock.ts";
import { ask, badAnswer, urlOf } from "../http/call.ts";
import { addLine, dayFile } from "./day-file.ts";
import { metricsSnapshotJob } from "./options.ts";
import { parseSnapshot, type Snapshot } from "./snapshot.ts";

/** A month can be looked back at. */
const KEEP_DAYS = 30;

/** Of a process with thousands of series; more is no metrics path. */
const ANSWER_BYTES_MAX = 4 * 1024 * 1024;

/** A record is read with each look at the history, so it stays small. */
const RECORD_BYTES_MAX = 64 * 1024;

/** JSON is asked for first: it need not be parsed as text. */
const ACCEPT = { accept: "application/json, text/plain;q=0.9" };

/**
 * Keeps what a metrics path says now. Whatever could not be read fails the run: a gap in the
 * numbers must not look like a zero.
 */
export async function work(context: JobContext, clock: Clock = SYSTEM_CLOCK): Promise<JobOutcome> {
  const options = metricsSnapshotJob.options.parse(context.options);
  const { directory, keepDays = KEEP_DAYS } = options;
  urlOf(context, options);
  const at = clock.now();
  if (context.dryRun) {
    const wouldWrite = directory === undefined ? "the record" : dayFile(at);
    return { status: "skipped", details: { dryRun: true, wouldWrite } };
  }
  const response = await ask(context, options, { method: "GET", headers: ACCEPT });
  if (!response.ok) throw await badAnswer("GET", response);
  const snapshot = readSnapshot(await boundedText(response));
  const place =
    directory === undefined
      ? undefined
      : { directory: resolve(context.directory, directory), keepDays };
  const details = await keep(snapshot, at, place);
  const unread = Object.entries(snapshot.unread).map(([name, why]) => `${name} (${why})`);
  if (unread.length === 0) return { status: "ok", details };
  const message = `the metrics lack what could not be read: ${unread.join(", ")}`;
  throw new JobFailure(message, { details });
}

function readSnapshot(text: string): Snapshot {
  const snapshot = parseSnapshot(text);
  if (snapshot) return snapshot;
  const what = text.trim() === "" ? "is empty" : "is neither JSON nor Prometheus text";
  throw new JobFailure(`the answer ${what}. See whether the URL is that of the metrics.`);
}

async function keep(
  { metrics }: Snapshot,
  at: Date,
  place: { directory: string; keepDays: number } | undefined,
): Promise<Record<string, unknown>> {
  if (place) return addLine(place, at, { ts: at.toISOString(), metrics: redactDeep(metrics) });
  const bytes = Buffer.byteLength(JSON.stringify(metrics));
  if (bytes <= RECORD_BYTES_MAX) return { metrics };
  const remedy = "Say directory, where a disk is.";
  throw new JobFailure(`the metrics have ${bytes} bytes, too many for a record. ${remedy}`);
}

async function boundedText(response: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of response.body ?? []) {
    bytes += part.byteLength;
    if (bytes > ANSWER_BYTES_MAX) {
      throw new JobFailure(`the answer is larger than ${ANSWER_BYTES_MAX} bytes.`);
    }
    parts.push(part);
  }
  return Buffer.concat(parts).toString("utf8");
}
