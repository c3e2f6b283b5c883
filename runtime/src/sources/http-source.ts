import { errorWords } from "../health/error-words.ts";
import type { ManifestSource } from "../contract/source.ts";
import { parseJson, SOURCE_BYTES_MAX } from "./file-source.ts";
import { type Row, rowsOfJson } from "./row.ts";
import type { SourceReading } from "./source-deps.ts";
import { SourceError, sourceVariable } from "./source-error.ts";

type HttpSource = Extract<ManifestSource, { kind: "http" }>;

/** Rows of a JSON answer to GET. */
export async function readHttpRows(source: HttpSource, reading: SourceReading): Promise<Row[]> {
  const token = source.tokenEnv && sourceVariable(source, source.tokenEnv, reading.env);
  const response = await request(source, sourceUrl(source, reading), {
    signal: reading.signal,
    headers: {
      accept: "application/json",
      ...(token ? { authorization: `Bearer ${token}` } : {}),
    },
  });
  if (!response.ok) throw new SourceError(source, `HTTP ${response.status}`);
  const rows = rowsOfJson(parseJson(source, await boundedText(source, response)));
  if (rows) return rows;
  throw new SourceError(source, "the answer is neither a list of objects nor one object");
}

function sourceUrl(source: HttpSource, { env }: SourceReading): string {
  const url = source.urlEnv ? sourceVariable(source, source.urlEnv, env) : source.url;
  if (url === undefined) {
    throw new SourceError(source, "it says neither url nor urlEnv", "Say one of them.");
  }
  if (!URL.canParse(url)) throw new SourceError(source, "the URL is not one", "Correct it.");
  return url;
}

/** A request whose failure is told without its URL. */
export async function request(
  source: ManifestSource,
  url: string,
  init: RequestInit & { readonly signal: AbortSignal },
): Promise<Response> {
  try {
    return await fetch(url, init);
  } catch (error) {
    if (init.signal.aborted) throw error;
    throw new SourceError(source, errorWords(error));
  }
}

/** The text of an answer, as long as it is not too long. */
export async function boundedText(source: ManifestSource, response: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of response.body ?? []) {
    bytes += part.byteLength;
    if (bytes > SOURCE_BYTES_MAX) {
      throw new SourceError(source, `the answer is larger than ${SOURCE_BYTES_MAX} bytes`);
    }
    parts.push(part);
  }
  return Buffer.concat(parts).toString("utf8");
}
