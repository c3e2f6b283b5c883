import { readFile, readdir } from "node:fs/promises";
import { extname, join } from "node:path";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { HttpError } from "../../http.ts";
import type { OpsContext, OpsRoute } from "../api.ts";

/** The page itself, which loads the other files. */
const PAGE_FILE = "console.html";

/**
 * Allows only our own scripts, styles and images, and requests to our own paths. Even if the name or
 * the error of a job became markup, it could do nothing.
 */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** The console. It contains no data of the process; it loads all data with a login. */
export const pageRoutes: readonly OpsRoute[] = [
  { method: "GET", path: "/ops", openTo: "anybody", answer: showPage },
  { method: "GET", path: "/ops/assets/:file", openTo: "anybody", answer: showFile },
];

async function showPage(c: OpsContext): Promise<Response> {
  const files = await pageFiles();
  const html = files.get(PAGE_FILE)?.text ?? "";
  const modules = [...files.keys()].filter((name) => name.endsWith(".js"));
  const csrf = c.var.session?.csrf;
  const hasMigrations = c.var.ops.process.manifest.app?.migrate?.kind === "sqlite";
  const text = pageText(html, { csrf, hasMigrations, modules });
  const page = { contentType: "text/html; charset=utf-8", text, gzipped: await zipped(text) };
  return fileAnswer(page, c.req.raw, { "content-security-policy": CONTENT_SECURITY_POLICY });
}

async function showFile(c: OpsContext): Promise<Response> {
  const name = c.req.param("file") ?? "";
  const file = name === PAGE_FILE ? undefined : (await pageFiles()).get(name);
  if (!file) throw new HttpError(404, "not found");
  return fileAnswer(file, c.req.raw);
}

function fileAnswer(
  { contentType, text, gzipped }: PageFile,
  { headers }: Request,
  more: Readonly<Record<string, string>> = {},
): Response {
  const isZipped = /\bgzip\b/.test(headers.get("accept-encoding") ?? "");
  return new Response(isZipped ? gzipped : text, {
    headers: {
      "content-type": contentType,
      vary: "accept-encoding",
      ...(isZipped ? { "content-encoding": "gzip" } : {}),
      ...more,
    },
  });
}

/** The files of the page are beside this file; in the bundle, beside the bundle. */
const FOLDER = join(import.meta.dirname, "console");

/** Content types by extension. Other files of the folder are not served. */
const CONTENT_TYPES: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
};

/** A file of the page as it is served. */
interface PageFile {
  readonly contentType: string;
  readonly text: string;
  /** The same text, compressed. */
  readonly gzipped: Uint8Array<ArrayBuffer>;
}

let files: Promise<ReadonlyMap<string, PageFile>> | undefined;

/** The files of the page by name. They are read at the first request and kept in memory. */
function pageFiles(): Promise<ReadonlyMap<string, PageFile>> {
  files ??= readPageFiles();
  return files;
}

async function readPageFiles(): Promise<ReadonlyMap<string, PageFile>> {
  const names = (await readdir(FOLDER)).filter((it) => Object.hasOwn(CONTENT_TYPES, extname(it)));
  const read = names.map(async (name) => [name, await readPageFile(name)] as const);
  return new Map(await Promise.all(read));
}

async function readPageFile(name: string): Promise<PageFile> {
  const text = await readFile(join(FOLDER, name), "utf8");
  return {
    contentType: CONTENT_TYPES[extname(name)] ?? "",
    text,
    gzipped: await zipped(text),
  };
}

/** Compresses a text with gzip at the highest level. */
async function zipped(text: string): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await promisify(gzip)(text, { level: 9 }));
}

/** The values that are written into the page. */
export interface PageSession {
  /** The CSRF token of the session; without it the page shows the login form. */
  readonly csrf?: string | undefined;
  /** Whether the process has migrations; without any, their route is a 404. */
  readonly hasMigrations: boolean;
  /** Names of the script modules. */
  readonly modules: readonly string[];
}

/** The tag before which the preload links are inserted. */
const HEAD_END = "</head>";

/**
 * The page for one session, or with the login form where there is none.
 *
 * A page with a session contains the CSRF token. No cache keeps the page and no other site can read
 * it. It names all script modules, so that a browser loads them in parallel.
 */
export function pageText(html: string, { csrf = "", hasMigrations, modules }: PageSession): string {
  if (!/^[\w-]*$/.test(csrf)) {
    throw new Error("page-text.ts: a proof has other letters than those of base64url.");
  }
  const links = modules.map((it) => `<link rel="modulepreload" href="/ops/assets/${it}" />\n    `);
  return html
    .replace('data-csrf=""', `data-csrf="${csrf}"`)
    .replace('data-migrations="no"', `data-migrations="${hasMigrations ? "yes" : "no"}"`)
    .replace(HEAD_END, `${links.join("").trimEnd()}\n  ${HEAD_END}`);
}
