import { errorCode } from "../contract/error-code.ts";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { Logger } from "pino";
import * as z from "zod/mini";

/** An app's own silence file: when the silence ends, in seconds since 1970; see docs/sources.md. */
const SilenceFile = z.object({ silenced_until: z.number() });

/** The silence file of a job. */
interface SilenceSource {
  readonly directory: string;
  /** Path from the directory. */
  readonly file: string | undefined;
  readonly now: Date;
  readonly log: Logger;
}

/**
 * The end of a job's current silence; undefined without one.
 *
 * An unreadable file silences nothing and logs a warning, because an extra alert is better than a
 * missing one.
 */
export async function silencedUntil(source: SilenceSource): Promise<Date | undefined> {
  if (source.file === undefined) return undefined;
  const path = resolve(source.directory, source.file);
  try {
    const silence = SilenceFile.parse(JSON.parse(await readFile(path, "utf8")));
    const until = new Date(silence.silenced_until * 1000);
    return until > source.now ? until : undefined;
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    source.log.warn({ path: source.file }, "cannot read the silence file, so nothing is silenced");
    return undefined;
  }
}
