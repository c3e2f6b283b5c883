import { once } from "node:events";
import { createReadStream } from "node:fs";
import { type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { buffer } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { AwsV4Signer } from "aws4fetch";
import { isTemporaryStatus, readRetryAfterMs, retry } from "../run/retry.ts";

/** Attempts per answer, the pause before the first retry, and the longest Retry-After that is accepted, in ms. */
const ATTEMPTS_MAX = 4;
const RETRY_MS = 500;
const RETRY_AFTER_MAX_MS = 30_000;

/** Time limits of a small request and of an upload, in ms: 1 GB at 5 Mbit/s takes 27 minutes. */
const ANSWER_MS = 30_000;
const UPLOAD_MS = 45 * 60_000;

/** One read of an upload: the file is never in memory as a whole. */
const READ_BYTES = 256 * 1024;

/** Largest object that S3 takes in one request. @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/upload-objects.html */
const OBJECT_BYTES_MAX = 5 * 1024 ** 3;

/** Most pages of 1,000 keys that a listing follows. */
const PAGES_MAX = 100;

/** SHA-256 of nothing, for the signature of a request without a body. */
const EMPTY_SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/** A bucket and its credentials. */
export interface ObjectStoreSettings {
  /** Of the service, without the bucket. */
  readonly endpoint: string;
  readonly bucket: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly retryMs?: number;
}

/** What the store reports about an object. */
export interface StoredObject {
  readonly sizeBytes: number;
  /** With most services, the MD5 of an object that was sent in one request. */
  readonly etag: string | undefined;
  /** From our own metadata. */
  readonly sha256: string | undefined;
}

/** A file to store. */
export interface FileToStore {
  readonly path: string;
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly md5: string;
  readonly contentType: string;
}

/** The objects of one bucket. */
export interface ObjectStore {
  /** Undefined when there is no such object. */
  head(key: string): Promise<StoredObject | undefined>;
  put(key: string, file: FileToStore): Promise<void>;
  keys(prefix: string): Promise<string[]>;
  remove(key: string): Promise<void>;
}

/** A failed request. The message holds no credential and no address. */
export class ObjectStoreError extends Error {
  override readonly name = "ObjectStoreError";
  /** Undefined without an answer. */
  readonly status: number | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(what: string, answer: Response | undefined, why: string) {
    super(`the object store could not ${what}: ${why}`);
    this.status = answer?.status;
    this.retryAfterMs = answer && readRetryAfterMs(answer.headers);
  }
}

/**
 * Opens a bucket of a service that speaks S3, with path-style addresses, which all of them support.
 *
 * An upload is signed with the file's SHA-256 and carries its MD5, so that the service refuses a body
 * that changed on its way.
 */
export function openObjectStore(settings: ObjectStoreSettings, signal: AbortSignal): ObjectStore {
  const ask = (request: StoreRequest): Promise<Response> =>
    retry(() => send(settings, request, signal), {
      attempts: ATTEMPTS_MAX,
      pauseMs: settings.retryMs ?? RETRY_MS,
      pauseMsMax: RETRY_AFTER_MAX_MS,
      signal,
      isTemporary,
      retryAfterMs: (error) => (error instanceof ObjectStoreError ? error.retryAfterMs : undefined),
    });
  return {
    head: async (key) => {
      const answer = await ask({ what: `look at "${key}"`, method: "HEAD", key, accepts: [404] });
      return answer.status === 404 ? undefined : storedObject(answer.headers);
    },
    put: async (key, file) => {
      if (file.sizeBytes > OBJECT_BYTES_MAX) {
        const why = `it has ${file.sizeBytes} bytes, and one request takes ${OBJECT_BYTES_MAX}`;
        throw new ObjectStoreError(`take "${key}"`, undefined, why);
      }
      await ask({ what: `take "${key}"`, method: "PUT", key, file });
    },
    keys: (prefix) => listKeys(ask, prefix),
    remove: async (key) => {
      await ask({ what: `remove "${key}"`, method: "DELETE", key, accepts: [404] });
    },
  };
}

function isTemporary(error: unknown): boolean {
  if (!(error instanceof ObjectStoreError)) return false;
  return error.status === undefined || isTemporaryStatus(error.status);
}

interface StoreRequest {
  /** For messages. */
  readonly what: string;
  readonly method: "HEAD" | "GET" | "PUT" | "DELETE";
  readonly key?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly file?: FileToStore;
  /** Statuses other than 2xx that are an answer. */
  readonly accepts?: readonly number[];
}

async function send(
  settings: ObjectStoreSettings,
  request: StoreRequest,
  stop: AbortSignal,
): Promise<Response> {
  const limit = AbortSignal.timeout(request.file ? UPLOAD_MS : ANSWER_MS);
  const signal = AbortSignal.any([stop, limit]);
  const answer = await sendSigned(settings, request, signal).catch((error: unknown) => {
    stop.throwIfAborted();
    const how = error instanceof Error && error.name === "TimeoutError" ? "in time" : "at all";
    throw new ObjectStoreError(request.what, undefined, `it did not answer ${how}`);
  });
  if (answer.ok || request.accepts?.includes(answer.status)) return answer;
  const code = /<Code>([\w.-]{1,60})<\/Code>/.exec(await answer.text().catch(() => ""))?.[1];
  const why = `HTTP ${answer.status}${code === undefined ? "" : ` ${code}`}`;
  throw new ObjectStoreError(request.what, answer, why);
}

/** Signs each attempt: a signature is valid for 15 minutes. */
async function sendSigned(
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

/**
 * Sends a file as the body of a PUT.
 *
 * `fetch` reads a stream as fast as the disk gives it: a file of 600 MB was in memory as a whole.
 */
async function putFile(
  url: URL,
  headers: Headers,
  { path, signal }: { readonly path: string; readonly signal: AbortSignal },
): Promise<Response> {
  const start = url.protocol === "https:" ? requestHttps : requestHttp;
  const request = start(url, { method: "PUT", headers: Object.fromEntries(headers), signal });
  // A server that refuses answers before it has read all, and then closes. Its answer counts.
  request.on("error", () => undefined);
  const answered = once(request, "response", { signal });
  pipeline(createReadStream(path, { highWaterMark: READ_BYTES }), request).catch(() => undefined);
  const [answer]: IncomingMessage[] = await answered;
  if (!answer) throw new Error("unreachable: a response comes with its message");
  const answerHeaders = Object.entries(answer.headers).flatMap(
    ([name, value]): [string, string][] => (typeof value === "string" ? [[name, value]] : []),
  );
  const body = await buffer(answer);
  // A Response of a status without a body accepts only null.
  const content = body.length > 0 ? new Uint8Array(body) : null;
  return new Response(content, { status: answer.statusCode ?? 0, headers: answerHeaders });
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

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html */
async function listKeys(
  ask: (request: StoreRequest) => Promise<Response>,
  prefix: string,
): Promise<string[]> {
  const keys: string[] = [];
  let next: Readonly<Record<string, string>> = {};
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const query = { "list-type": "2", prefix, ...next };
    const xml = await (await ask({ what: "list its objects", method: "GET", query })).text();
    keys.push(...textsOf(xml, "Key"));
    const [token] = textsOf(xml, "NextContinuationToken");
    if (token === undefined) return keys;
    next = { "continuation-token": token };
  }
  throw new ObjectStoreError("list its objects", undefined, `it has over ${PAGES_MAX} pages`);
}

const ENTITIES: Readonly<Record<string, string>> = { lt: "<", gt: ">", quot: '"', apos: "'" };

/** The texts of an XML element, without entities. @see https://www.w3.org/TR/xml/#sec-predefined-ent */
function textsOf(xml: string, element: string): string[] {
  const found = xml.matchAll(new RegExp(`<${element}>([^<]*)</${element}>`, "g"));
  return [...found].map(([, text = ""]) =>
    text
      .replaceAll(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)))
      .replaceAll(/&(lt|gt|quot|apos);/g, (_, name: string) => ENTITIES[name] ?? "")
      .replaceAll("&amp;", "&"),
  );
}
