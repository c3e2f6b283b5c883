import { setTimeout as wait } from "node:timers/promises";
import { AwsV4Signer } from "aws4fetch";
import { putFile } from "./file-upload.ts";
import { listingOf } from "./object-listing.ts";

/** Most requests for one answer. */
const ATTEMPTS_MAX = 4;

/** Wait before the first retry; it doubles. A server that says how long is believed up to the limit. */
const RETRY_MS = 500;
const RETRY_AFTER_MAX_MS = 30_000;

/** Longest wait for an answer to a small request, and to an upload: 1 GB at 5 Mbit/s takes 27 minutes. */
const ANSWER_MS = 30_000;
const UPLOAD_MS = 45 * 60_000;

/** S3 takes no larger object in one request. @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/upload-objects.html */
const OBJECT_BYTES_MAX = 5 * 1024 ** 3;

/** Most pages of 1,000 keys that a listing follows. */
const PAGES_MAX = 100;

/** SHA-256 of nothing, which a request without a body is signed with. */
const EMPTY_SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/** Where objects are, and who asks. */
export interface ObjectStoreSettings {
  /** Of the service, without the bucket. */
  readonly endpoint: string;
  readonly bucket: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly retryMs?: number;
}

/** What the store tells of an object. */
export interface StoredObject {
  readonly sizeBytes: number;
  /** The MD5 of the content, with most services and for objects of one request. */
  readonly etag: string | undefined;
  /** What we noted with it. */
  readonly sha256: string | undefined;
}

/** A file that is to be stored. */
export interface FileToStore {
  readonly path: string;
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly md5: string;
  readonly contentType: string;
}

/** Objects of one bucket. */
export interface ObjectStore {
  /** Undefined when there is no such object. */
  head(key: string): Promise<StoredObject | undefined>;
  put(key: string, file: FileToStore): Promise<void>;
  keys(prefix: string): Promise<string[]>;
  remove(key: string): Promise<void>;
}

/** An answer that is not the one that was needed. It tells no key and no address. */
export class ObjectStoreError extends Error {
  override readonly name = "ObjectStoreError";
  /** Undefined when nobody answered. */
  readonly status: number | undefined;

  constructor(what: string, status: number | undefined, said: string) {
    super(`the object store could not ${what}: ${said}`);
    this.status = status;
  }
}

/**
 * Opens a bucket of a service that speaks S3, with path-style addresses, which all of them know.
 *
 * An upload is signed with the SHA-256 of the file and carries its MD5, so that the service refuses
 * a body that changed on its way.
 */
export function openObjectStore(settings: ObjectStoreSettings, signal: AbortSignal): ObjectStore {
  const ask = (request: StoreRequest): Promise<Response> => patiently(settings, request, signal);
  return {
    head: async (key) => {
      const answer = await ask({
        what: `look at "${key}"`,
        method: "HEAD",
        key,
        isFineWith: [404],
      });
      return answer.status === 404 ? undefined : storedObject(answer.headers);
    },
    put: async (key, file) => {
      if (file.sizeBytes > OBJECT_BYTES_MAX) {
        const said = `it has ${file.sizeBytes} bytes, and one request takes ${OBJECT_BYTES_MAX}`;
        throw new ObjectStoreError(`take "${key}"`, undefined, said);
      }
      await ask({ what: `take "${key}"`, method: "PUT", key, file });
    },
    keys: (prefix) => listKeys(ask, prefix),
    remove: async (key) => {
      await ask({ what: `remove "${key}"`, method: "DELETE", key, isFineWith: [404] });
    },
  };
}

interface StoreRequest {
  /** For messages. */
  readonly what: string;
  readonly method: "HEAD" | "GET" | "PUT" | "DELETE";
  readonly key?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly file?: FileToStore;
  /** Statuses beside 2xx that are an answer. */
  readonly isFineWith?: readonly number[];
}

/** The answer, asked for again where that may help. */
async function patiently(
  settings: ObjectStoreSettings,
  request: StoreRequest,
  signal: AbortSignal,
): Promise<Response> {
  for (let attempt = 1; ; attempt += 1) {
    const tried = await attemptOnce(settings, request, signal);
    if (tried instanceof Response) return tried;
    if (!tried.mayHelp || attempt === ATTEMPTS_MAX) throw tried.error;
    const pause = tried.retryAfterMs ?? (settings.retryMs ?? RETRY_MS) * 2 ** (attempt - 1);
    await wait(pause, undefined, { signal });
  }
}

interface Refusal {
  readonly error: ObjectStoreError;
  readonly mayHelp: boolean;
  readonly retryAfterMs?: number | undefined;
}

async function attemptOnce(
  settings: ObjectStoreSettings,
  request: StoreRequest,
  signal: AbortSignal,
): Promise<Response | Refusal> {
  const limit = AbortSignal.timeout(request.file ? UPLOAD_MS : ANSWER_MS);
  let answer: Response;
  try {
    answer = await send(settings, request, AbortSignal.any([signal, limit]));
  } catch (error) {
    signal.throwIfAborted();
    const said = error instanceof Error && error.name === "TimeoutError" ? "in time" : "at all";
    const problem = new ObjectStoreError(request.what, undefined, `it did not answer ${said}`);
    return { error: problem, mayHelp: true };
  }
  if (answer.ok || request.isFineWith?.includes(answer.status)) return answer;
  const code = /<Code>([\w.-]{1,60})<\/Code>/.exec(await answer.text().catch(() => ""))?.[1];
  const said = `HTTP ${answer.status}${code === undefined ? "" : ` ${code}`}`;
  const mayHelp = answer.status === 429 || answer.status >= 500;
  const error = new ObjectStoreError(request.what, answer.status, said);
  return { error, mayHelp, retryAfterMs: retryAfterMs(answer) };
}

function retryAfterMs({ headers }: Response): number | undefined {
  const seconds = Number(headers.get("retry-after") ?? Number.NaN);
  return Number.isFinite(seconds) ? Math.min(seconds * 1000, RETRY_AFTER_MAX_MS) : undefined;
}

/** Signs anew at each attempt: a signature is good for 15 minutes. */
async function send(
  { endpoint, bucket, region, accessKeyId, secretAccessKey }: ObjectStoreSettings,
  { method, key = "", query = {}, file }: StoreRequest,
  signal: AbortSignal,
): Promise<Response> {
  const path = [bucket, ...key.split("/")].map(encodeURIComponent).join("/");
  const url = new URL(`${endpoint.replace(/\/$/, "")}/${path}`);
  url.search = new URLSearchParams(query).toString();
  const credentials = { accessKeyId, secretAccessKey, region, service: "s3" };
  const headers = { "x-amz-content-sha256": file?.sha256 ?? EMPTY_SHA256, ...fileHeaders(file) };
  const signed = await new AwsV4Signer({ method, url: url.href, headers, ...credentials }).sign();
  if (file) return putFile(signed.url, signed.headers, { path: file.path, signal });
  return fetch(signed.url, { method, headers: signed.headers, redirect: "manual", signal });
}

function fileHeaders(file: FileToStore | undefined): Record<string, string> {
  if (!file) return {};
  return {
    "content-length": String(file.sizeBytes),
    "content-md5": Buffer.from(file.md5, "hex").toString("base64"),
    "content-type": file.contentType,
    "x-amz-meta-sha256": file.sha256,
  };
}

function storedObject(headers: Headers): StoredObject {
  return {
    sizeBytes: Number(headers.get("content-length") ?? Number.NaN),
    etag: headers.get("etag")?.replaceAll('"', "").toLowerCase(),
    sha256: headers.get("x-amz-meta-sha256")?.toLowerCase(),
  };
}

async function listKeys(
  ask: (request: StoreRequest) => Promise<Response>,
  prefix: string,
): Promise<string[]> {
  const keys: string[] = [];
  let token: string | undefined;
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const query: Record<string, string> = { "list-type": "2", prefix };
    if (token !== undefined) query["continuation-token"] = token;
    const text = await (await ask({ what: "list its objects", method: "GET", query })).text();
    const listing = listingOf(text);
    keys.push(...listing.keys);
    if (listing.next === undefined) return keys;
    token = listing.next;
  }
  throw new ObjectStoreError("list its objects", undefined, `it has over ${PAGES_MAX} pages`);
}
