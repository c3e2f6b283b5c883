import { createHash, createHmac } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

/** The server's access keys. */
export const OBJECT_KEYS = { id: "TESTKEYID", secret: "test/secret+key" };

const REGION = "eu-test-1";

/** Keys per page of a listing; few, so that small tests have several pages. */
const PAGE = 2;

/** A stored object. */
export interface TestObject {
  readonly body: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

/** A server with the part of S3 that backups use. It verifies every signature. */
export interface TestObjectServer {
  readonly endpoint: string;
  readonly bucket: string;
  readonly region: string;
  readonly objects: Map<string, TestObject>;
  /** `PUT backups/a.db`, in the order in which they came. */
  readonly asked: string[];
  /** Statuses of the next answers to any request; 0 breaks the connection, undefined is no fault. */
  readonly faults: (number | undefined)[];
  /** Corrupts a stored object, as a bad disk does. */
  spoil: ((body: Buffer) => Buffer) | undefined;
}

/** Starts a server on loopback that verifies signatures by the vendor's specification. */
export async function startObjectServer(): Promise<TestObjectServer> {
  const server = createServer((request, response) => {
    void answer(state, request, response).catch(() => response.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const state: TestObjectServer = {
    endpoint: `http://127.0.0.1:${port}`,
    bucket: "backups",
    region: REGION,
    objects: new Map(),
    asked: [],
    faults: [],
    spoil: undefined,
  };
  return state;
}

async function answer(
  state: TestObjectServer,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part);
  const body = Buffer.concat(parts);
  const url = new URL(request.url ?? "", state.endpoint);
  const [, bucket = "", ...rest] = url.pathname.split("/").map(decodeURIComponent);
  const key = rest.join("/");
  state.asked.push(`${request.method} ${bucket}/${key}`);
  const fault = state.faults.shift();
  if (fault === 0) return void response.destroy();
  if (fault !== undefined) return refuse(response, fault, "SlowDown");
  const problem = signatureProblem(request, url) ?? bodyProblem(request, body);
  if (problem) return refuse(response, problem.status, problem.code);
  if (bucket !== state.bucket) return refuse(response, 404, "NoSuchBucket");
  serve(
    state,
    { method: request.method ?? "", url, key, body, headers: request.headers },
    response,
  );
}

interface Served {
  readonly method: string;
  readonly url: URL;
  readonly key: string;
  readonly body: Buffer;
  readonly headers: IncomingMessage["headers"];
}

function serve(state: TestObjectServer, asked: Served, response: ServerResponse): void {
  const { method, key, body, headers } = asked;
  const object = state.objects.get(key);
  if (method === "PUT") {
    const kept = state.spoil ? state.spoil(body) : body;
    const meta = String(headers["x-amz-meta-sha256"] ?? "");
    state.objects.set(key, { body: kept, headers: { "x-amz-meta-sha256": meta } });
    response.writeHead(200, { etag: etagOf(kept) }).end();
  } else if (method === "DELETE") {
    state.objects.delete(key);
    response.writeHead(204).end();
  } else if (method === "GET" && key === "") {
    response.writeHead(200, { "content-type": "application/xml" }).end(listing(state, asked.url));
  } else if (object) {
    const size = String(object.body.length);
    const known = { ...object.headers, etag: etagOf(object.body), "content-length": size };
    response.writeHead(200, known).end(method === "HEAD" ? undefined : object.body);
  } else {
    refuse(response, 404, "NoSuchKey");
  }
}

function listing({ objects }: TestObjectServer, url: URL): string {
  const prefix = url.searchParams.get("prefix") ?? "";
  const after = url.searchParams.get("continuation-token") ?? "";
  const all = [...objects.keys()].filter((key) => key.startsWith(prefix) && key > after);
  const keys = all.toSorted().slice(0, PAGE);
  const contents = keys.map((key) => `<Contents><Key>${key}</Key></Contents>`).join("");
  const isLast = keys.length === all.length;
  const next = isLast ? "" : `<NextContinuationToken>${keys.at(-1)}</NextContinuationToken>`;
  return `<?xml version="1.0"?><ListBucketResult>${contents}${next}</ListBucketResult>`;
}

function refuse(response: ServerResponse, status: number, code: string): void {
  response.writeHead(status).end(`<Error><Code>${code}</Code><Message>No.</Message></Error>`);
}

function etagOf(body: Buffer): string {
  return `"${createHash("md5").update(body).digest("hex")}"`;
}

interface Problem {
  readonly status: number;
  readonly code: string;
}

function bodyProblem({ method, headers }: IncomingMessage, body: Buffer): Problem | undefined {
  const sha256 = createHash("sha256").update(body).digest("hex");
  if (headers["x-amz-content-sha256"] !== sha256) {
    return { status: 400, code: "XAmzContentSHA256Mismatch" };
  }
  if (method !== "PUT") return undefined;
  if (headers["content-length"] === undefined) return { status: 411, code: "MissingContentLength" };
  const md5 = createHash("md5").update(body).digest("base64");
  const isOther = headers["content-md5"] !== undefined && headers["content-md5"] !== md5;
  return isOther ? { status: 400, code: "BadDigest" } : undefined;
}

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html */
function signatureProblem(request: IncomingMessage, url: URL): Problem | undefined {
  const { authorization = "" } = request.headers;
  const match =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/.exec(
      authorization,
    );
  if (!match) return { status: 403, code: "AccessDenied" };
  const [, id = "", day = "", region = "", names = "", signature] = match;
  if (id !== OBJECT_KEYS.id) return { status: 403, code: "InvalidAccessKeyId" };
  const unsigned = Object.keys(request.headers).find(
    (name) => name.startsWith("x-amz-") && !names.split(";").includes(name),
  );
  const scope = `${day}/${region}/s3/aws4_request`;
  const canonical = sha256Hex(canonicalRequest(request, url, names.split(";")));
  const text = ["AWS4-HMAC-SHA256", request.headers["x-amz-date"], scope, canonical].join("\n");
  const keys = [day, region, "s3", "aws4_request"];
  const key = keys.reduce<string | Buffer>(
    (signing, part) => hmac(signing, part),
    `AWS4${OBJECT_KEYS.secret}`,
  );
  const isGood = unsigned === undefined && region === REGION;
  if (isGood && hmac(key, text).toString("hex") === signature) return undefined;
  return { status: 403, code: "SignatureDoesNotMatch" };
}

function canonicalRequest(
  { method = "", headers }: IncomingMessage,
  url: URL,
  names: readonly string[],
): string {
  const query = [...url.searchParams]
    .map(([name, value]) => `${encoded(name)}=${encoded(value)}`)
    .toSorted();
  const path = url.pathname.split("/").map(decodeURIComponent).map(encoded).join("/");
  const lines = names.map((name) => `${name}:${String(headers[name] ?? "").trim()}`);
  const body = String(headers["x-amz-content-sha256"]);
  return [method, path, query.join("&"), ...lines, "", names.join(";"), body].join("\n");
}

function encoded(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}

function sha256Hex(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
