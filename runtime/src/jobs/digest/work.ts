import { join, resolve } from "node:path";
import type * as z from "zod/mini";
import { stampOf } from "../file.ts";
import { EXIT } from "../../contract/exit-code.ts";
import { errorWords } from "../../health/error-words.ts";
import { type JobContext, JobFailure, type JobOutcome } from "../definition.ts";
import { type Clock, SYSTEM_CLOCK } from "../../run/clock.ts";
import type { Row } from "../../sources/row.ts";
import { readSource } from "../../sources/source.ts";
import { SourceError, SourceNotSet } from "../../sources/source-error.ts";
import { type Delivered, sendMail } from "../mail.ts";
import { artifactNames, writeArtifacts } from "./artifact-set.ts";
import { digestMail } from "./digest-mail.ts";
import { type DigestTexts, digestTexts } from "./digest-text.ts";
import { type LatestDigest, readLatest } from "./latest.ts";
import { digestJob } from "./options.ts";

type DigestOptions = z.infer<typeof digestJob.options>;

const TITLE = "Digest";
const DIRECTORY = "snapshots";
const ARCHIVE = "backups";

/** Writes a digest in three forms, archives the files and mails it; or mails the newest files again. */
export async function work(context: JobContext, clock: Clock = SYSTEM_CLOCK): Promise<JobOutcome> {
  const said = digestJob.options.parse(context.options);
  const { latest = false } = digestJob.input.parse(context.input);
  return latest ? sendLatest(context, said) : makeDigest(context, said, clock.now());
}

async function makeDigest(
  context: JobContext,
  said: DigestOptions,
  madeAt: Date,
): Promise<JobOutcome> {
  const { title = TITLE, archive = ARCHIVE } = said;
  if (context.dryRun) {
    const wouldWrite = artifactNames(stampOf(madeAt)).map((name) => join(archive, name));
    return { status: "skipped", details: { dryRun: true, wouldWrite } };
  }
  const rows = await readRows(context, said);
  const texts = await digestTexts({ title, madeAt, timezone: context.timezone, rows });
  const names = await write(context, said, { texts, madeAt });
  const artifacts = names.map((name) => join(archive, name));
  const delivered = await mailDigest(context, said, { texts, madeAt, names });
  const details = { artifacts, rows: rows?.length ?? 0, ...emailDetails(delivered) };
  if (delivered.status !== "error") return { status: "ok", details };
  const message = `the digest could not be mailed: ${delivered.why}. Its files are in ${archive}; send them with the input latest=true.`;
  throw new JobFailure(message, { exitCode: EXIT.temporary, details });
}

/** Mails the newest files of the archive once more, for example to who did not get them. */
async function sendLatest(context: JobContext, said: DigestOptions): Promise<JobOutcome> {
  const { archive = ARCHIVE } = said;
  const latest = await readLatest(resolve(context.directory, archive));
  if (!latest) {
    throw new JobFailure(`${archive}: there is no digest to send. Run the digest first.`);
  }
  const artifacts = latest.names.map((name) => join(archive, name));
  if (context.dryRun) {
    return { status: "skipped", details: { dryRun: true, wouldSend: artifacts } };
  }
  const delivered = await mailDigest(context, said, latest);
  const details = { artifacts, ...emailDetails(delivered) };
  if (delivered.status === "error") {
    const message = `the latest digest could not be mailed: ${delivered.why}.`;
    throw new JobFailure(message, { exitCode: EXIT.temporary, details });
  }
  return { status: delivered.status, details };
}

async function mailDigest(
  context: JobContext,
  said: DigestOptions,
  { texts, madeAt, names }: LatestDigest,
): Promise<Delivered> {
  if (context.silencedUntil) {
    return { status: "skipped", why: `silenced until ${context.silencedUntil.toISOString()}` };
  }
  const { title = TITLE, attachments: withAttachments = false } = said;
  const { timezone } = context;
  const mail = await digestMail({ title, madeAt, timezone, texts, names, withAttachments });
  return sendMail(context, { ...said, variables: ["DIGEST_EMAIL"] }, mail);
}

/** The result of the mail for the run record: ok, skipped or error, with the reason. */
function emailDetails(delivered: Delivered): Record<string, string> {
  return {
    email: delivered.status,
    ...("why" in delivered ? { emailProblem: delivered.why } : {}),
  };
}

async function write(
  context: JobContext,
  { directory = DIRECTORY, archive = ARCHIVE }: DigestOptions,
  { texts, madeAt }: { readonly texts: DigestTexts; readonly madeAt: Date },
): Promise<string[]> {
  const places = {
    directory: resolve(context.directory, directory),
    archive: resolve(context.directory, archive),
  };
  const names = await writeArtifacts(places, texts, madeAt).catch((error: unknown) => {
    const message = `${directory}, ${archive}: the digest could not be written: ${errorWords(error)}.`;
    throw new JobFailure(message, { cause: error });
  });
  if (names) return names;
  throw new JobFailure(`${directory}: all names of ${stampOf(madeAt)} are taken.`);
}

/**
 * A source that is not set up yet leaves the digest without rows, as a missing key leaves a mail
 * unsent: neither is a failure. A source that is away may be there at the next try, so that the
 * failure is a temporary one.
 */
async function readRows(
  { env, directory, signal, log }: JobContext,
  { source }: DigestOptions,
): Promise<Row[] | undefined> {
  if (!source) return noRows(log, "its option source is not set");
  try {
    return await readSource(source, { env, directory, signal });
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof SourceNotSet) return noRows(log, error.message);
    if (!(error instanceof SourceError)) throw error;
    throw new JobFailure(error.message, { exitCode: EXIT.temporary, cause: error });
  }
}

function noRows(log: JobContext["log"], why: string): undefined {
  log.warn(`the digest has no source of rows: ${why}`);
}
