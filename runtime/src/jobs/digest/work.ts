import type * as z from "zod/mini";
import { join, resolve } from "node:path";
import { stampOf } from "../file.ts";
import { EXIT } from "../../contract/exit-code.ts";
import { errorWords } from "../../health/error-words.ts";
import { type JobContext, JobFailure, type JobOutcome } from "../definition.ts";
import { type Clock, SYSTEM_CLOCK } from "../../run/clock.ts";
import { type Row, SourceError, SourceNotSet } from "../../sources/source-reading.ts";
import { readSource } from "../../sources/source.ts";
import { type Delivered, type TextTable, htmlTable, sendMail, tableOf } from "../mail.ts";
import {
  DIGEST_FORMS,
  type DigestForm,
  type DigestTexts,
  type LatestDigest,
  SHOWN_MAX,
  artifactNames,
  digestTexts,
  localTime,
  readLatest,
  writeArtifacts,
} from "./digest-files.ts";
import { digestJob } from "./options.ts";
import { escapeHtml } from "../../contract/text.ts";
import type { MailAttachment } from "../../alerts/mail/mail.ts";

type DigestOptions = z.infer<typeof digestJob.options>;

const TITLE = "Digest";
const DIRECTORY = "snapshots";
const ARCHIVE = "backups";

/** Writes a digest in three formats, archives the files and mails them, or mails the newest files again. */
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

/** Mails the newest files of the archive again, for example after a mail that failed. */
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

/** Content of the mail. */
interface DigestLetter {
  readonly title: string;
  readonly madeAt: Date;
  readonly timezone: string;
  /** By format. An archive may lack one. */
  readonly texts: Partial<Readonly<Record<DigestForm, string>>>;
  /** File names of the texts. */
  readonly names: readonly string[];
  readonly withAttachments: boolean;
}

/** @see https://www.iana.org/assignments/media-types */
const CONTENT_TYPES: Readonly<Record<DigestForm, string>> = {
  csv: "text/csv",
  md: "text/markdown",
  txt: "text/plain",
};

/** The mail: the rows as a table, and optionally the files as attachments. */
async function digestMail(letter: DigestLetter) {
  const { title, madeAt, timezone, texts, names, withAttachments } = letter;
  const when = `${localTime(madeAt, timezone)} ${timezone}`;
  const { csv, md, txt } = texts;
  const body = csv === undefined ? preformatted(md ?? txt ?? "") : tableHtml(await rowsOf(csv));
  return {
    subject: `${title}: ${when}`,
    html: `<h2>${escapeHtml(title)}</h2>\n<p>${escapeHtml(when)}</p>\n${body}`,
    text: txt ?? md ?? csv ?? "",
    ...(withAttachments ? { attachments: attachmentsOf(texts, names) } : {}),
  };
}

async function rowsOf(csv: string): Promise<TextTable> {
  const { parse } = await import("csv-parse/sync");
  return tableOf(parse<Row>(csv, { columns: true }));
}

function tableHtml({ columns, cells }: TextTable): string {
  const rest = cells.length - SHOWN_MAX;
  const more = rest > 0 ? `\n<p>… and ${rest} more rows. The csv has all of them.</p>` : "";
  const table = htmlTable({ columns, cells: cells.slice(0, SHOWN_MAX) });
  return table === "" ? "<p>No rows.</p>" : `${table}${more}`;
}

function preformatted(text: string): string {
  return `<pre>${escapeHtml(text)}</pre>`;
}

function attachmentsOf(
  texts: DigestLetter["texts"],
  names: readonly string[],
): readonly MailAttachment[] {
  return DIGEST_FORMS.flatMap((form) => {
    const text = texts[form];
    const filename = names.find((name) => name.endsWith(`.${form}`));
    if (text === undefined || filename === undefined) return [];
    return [{ filename, content: Buffer.from(text), contentType: CONTENT_TYPES[form] }];
  });
}
