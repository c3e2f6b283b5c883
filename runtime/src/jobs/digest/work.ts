import { join, resolve } from "node:path";
import type * as z from "zod/mini";
import { stampOf } from "../../artifacts/stamp.ts";
import { EXIT } from "../../exit-code.ts";
import { errorWords } from "../../health/error-words.ts";
import { type JobContext, JobFailure, type JobOutcome } from "../../job-definition.ts";
import { type Clock, SYSTEM_CLOCK } from "../../run/clock.ts";
import type { Row } from "../../sources/row.ts";
import { readSource } from "../../sources/source.ts";
import { SourceError } from "../../sources/source-error.ts";
import { artifactNames, writeArtifacts } from "./artifact-set.ts";
import { digestTexts } from "./digest-text.ts";
import { digestJob } from "./options.ts";

type DigestOptions = z.infer<typeof digestJob.options>;

/** Reads the rows, writes them in three forms and archives the files. */
export async function writeDigest(
  context: JobContext,
  clock: Clock = SYSTEM_CLOCK,
): Promise<JobOutcome> {
  const said = digestJob.options.parse(context.options);
  const { directory = "snapshots", archive = "backups" } = said;
  const madeAt = clock.now();
  if (context.dryRun) {
    const wouldWrite = artifactNames(stampOf(madeAt)).map((name) => join(archive, name));
    return { status: "skipped", details: { dryRun: true, wouldWrite } };
  }
  const rows = await readRows(context, said);
  const { title = "Digest" } = said;
  const texts = await digestTexts({ title, madeAt, timezone: context.timezone, rows });
  const places = {
    directory: resolve(context.directory, directory),
    archive: resolve(context.directory, archive),
  };
  const names = await writeArtifacts(places, texts, madeAt).catch((error: unknown) => {
    const message = `${directory}, ${archive}: the digest could not be written: ${errorWords(error)}.`;
    throw new JobFailure(message, { cause: error });
  });
  if (!names) throw new JobFailure(`${directory}: all names of ${stampOf(madeAt)} are taken.`);
  const artifacts = names.map((name) => join(archive, name));
  return { status: "ok", details: { artifacts, rows: rows?.length ?? 0 } };
}

/** A source that is away may be there at the next try, so that the failure is a temporary one. */
async function readRows(
  { env, directory, signal, log }: JobContext,
  { source }: DigestOptions,
): Promise<Row[] | undefined> {
  if (!source) {
    log.warn("the digest has no source of rows: its option source is not set");
    return undefined;
  }
  try {
    return await readSource(source, { env, directory, signal });
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof SourceError)) throw error;
    throw new JobFailure(error.message, { exitCode: EXIT.temporary, cause: error });
  }
}
