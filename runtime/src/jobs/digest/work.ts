import { join, resolve } from "node:path";
import type * as z from "zod/mini";
import { errorWords } from "../../health/error-words.ts";
import { type Clock, SYSTEM_CLOCK } from "../../run/clock.ts";
import { type Row, SourceError, SourceNotSet } from "../../sources/source-reading.ts";
import { readSource } from "../../sources/source.ts";
import { dryRunOutcome, type JobContext, JobFailure, type JobOutcome } from "../definition.ts";
import { stampOf } from "../file.ts";
import { type Delivered, sendMail } from "../mail.ts";
import { type DigestFiles, digestNames, readLatest, writeDigest } from "./digest-files.ts";
import { digestMail, digestTexts } from "./digest-texts.ts";
import { digestJob } from "./options.ts";

type DigestOptions = z.infer<typeof digestJob.options>;

const TITLE = "Digest";
const DIRECTORY = "snapshots";
const ARCHIVE = "backups";

/** Writes a digest in three formats, archives the files and mails them, or mails the newest files again. */
export async function work(context: JobContext, clock: Clock = SYSTEM_CLOCK): Promise<JobOutcome> {
  const options = digestJob.options.parse(context.options);
  const { latest = false } = digestJob.input.parse(context.input);
  return latest ? sendLatest(context, options) : makeDigest(context, options, clock.now());
}

async function makeDigest(
  context: JobContext,
  options: DigestOptions,
  madeAt: Date,
): Promise<JobOutcome> {
  const { title = TITLE, archive = ARCHIVE } = options;
  const inArchive = (names: readonly string[]) => names.map((name) => join(archive, name));
  if (context.dryRun) return dryRunOutcome({ wouldWrite: inArchive(digestNames(stampOf(madeAt))) });
  const rows = await readRows(context, options);
  const texts = await digestTexts({ title, madeAt, timezone: context.timezone }, rows);
  const names = await writeFiles(context, options, { texts, madeAt });
  const delivered = await mailDigest(context, options, { texts, madeAt, names });
  const details = {
    artifacts: inArchive(names),
    rows: rows?.length ?? 0,
    ...emailDetails(delivered),
  };
  if (delivered.status !== "error") return { status: "ok", details };
  const message = `the digest could not be mailed: ${delivered.why}. Its files are in ${archive}; send them with the input latest=true.`;
  throw JobFailure.temporary(message, { details });
}

/** Mails the newest files of the archive again, for example after a mail that failed. */
async function sendLatest(context: JobContext, options: DigestOptions): Promise<JobOutcome> {
  const { archive = ARCHIVE } = options;
  const latest = await readLatest(resolve(context.directory, archive));
  if (!latest) {
    throw new JobFailure(`${archive}: there is no digest to send. Run the digest first.`);
  }
  const artifacts = latest.names.map((name) => join(archive, name));
  if (context.dryRun) return dryRunOutcome({ wouldSend: artifacts });
  const delivered = await mailDigest(context, options, latest);
  const details = { artifacts, ...emailDetails(delivered) };
  if (delivered.status !== "error") return { status: delivered.status, details };
  const message = `the latest digest could not be mailed: ${delivered.why}.`;
  throw JobFailure.temporary(message, { details });
}

async function mailDigest(
  context: JobContext,
  options: DigestOptions,
  files: DigestFiles,
): Promise<Delivered> {
  const { silencedUntil, timezone } = context;
  if (silencedUntil) {
    return { status: "skipped", why: `silenced until ${silencedUntil.toISOString()}` };
  }
  const { title = TITLE, attachments = false } = options;
  const mail = await digestMail({ title, madeAt: files.madeAt, timezone }, files, attachments);
  return sendMail(context, { ...options, variables: ["DIGEST_EMAIL"] }, mail);
}

/** The result of the mail for the run record: ok, skipped or error, with the reason. */
function emailDetails(delivered: Delivered): JobOutcome["details"] {
  const why = "why" in delivered ? { emailProblem: delivered.why } : {};
  return { email: delivered.status, ...why };
}

async function writeFiles(
  context: JobContext,
  { directory = DIRECTORY, archive = ARCHIVE }: DigestOptions,
  { texts, madeAt }: { texts: Awaited<ReturnType<typeof digestTexts>>; madeAt: Date },
): Promise<string[]> {
  const directories = {
    directory: resolve(context.directory, directory),
    archive: resolve(context.directory, archive),
  };
  const names = await writeDigest(directories, texts, madeAt).catch((error: unknown) => {
    const message = `${directory}, ${archive}: the digest could not be written: ${errorWords(error)}.`;
    throw new JobFailure(message, { cause: error });
  });
  if (names) return names;
  throw new JobFailure(`${directory}: all file names for ${stampOf(madeAt)} exist.`);
}

/**
 * A source whose variables are not set leaves the digest without rows, which is not a failure. A
 * source that does not respond is a temporary failure.
 */
async function readRows(
  { env, directory, signal, log }: JobContext,
  { source }: DigestOptions,
): Promise<Row[] | undefined> {
  try {
    if (source) return await readSource(source, { env, directory, signal });
    log.warn("the digest has no source of rows: its option source is not set");
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof SourceError)) throw error;
    if (!(error instanceof SourceNotSet))
      throw JobFailure.temporary(error.message, { cause: error });
    log.warn(`the digest has no source of rows: ${error.message}`);
  }
  return undefined;
}
