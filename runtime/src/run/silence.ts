import { errorCode } from "../contract/error-code.ts";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { Logger } from "pino";
import * as z from "zod/mini";

/** An app's own silence file: when the silence ends, in seconds since 1970; see docs/sources.md. */
const SilenceFile = z.object({ silenced_until: z.number() });

/** Where a silence is looked for. */
interface SilenceSource {
  readonly directory: string;
  /** Path from the directory. */
  readonly file: string | undefined;
  readonly now: Date;
  readonly log: Logger;
}

/**
 * Until when a job's messages are silenced, if they are now.
 *
 * A silence ends by itself. A file that cannot be read silences nothing, with a warning: an alert
 * too many is better than one that never came.
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
    source.log.warn(
      { path: source.file },
      "the silence file is not readable, so nothing is silenced",
    );
    return undefined;
  }
}
