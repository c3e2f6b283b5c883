import { readFile, readdir } from "node:fs/promises";
import { extname, join } from "node:path";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { HttpError } from "../../http.ts";
import type { OpsContext, OpsRoute } from "../api.ts";

/** The file with which the page begins; the others are asked for by it. */
const PAGE_FILE = "console.html";

/**
 * Only files of ours run, style and draw, and only our own paths are asked: what a name or an error
 * of a job brings along is text, and would do nothing even if it were markup.
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

/** The page for people. It holds nothing of the process: all that it shows it asks for with a login. */
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

/** Files of the page beside this one; in the bundle, beside the bundle. */
const FOLDER = join(import.meta.dirname, "console");

/** What browsers are told that a file is; everything else in the folder is not for them. */
const CONTENT_TYPES: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
};

/** A file of the page as it is sent. */
interface PageFile {
  readonly contentType: string;
  readonly text: string;
  /** The same, for browsers that take it, which all do. */
  readonly gzipped: Uint8Array<ArrayBuffer>;
}

let files: Promise<ReadonlyMap<string, PageFile>> | undefined;

/** The files of the page by their names. They are read when somebody first asks, and then kept. */
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

/** As few bytes as gzip makes of it. */
async function zipped(text: string): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await promisify(gzip)(text, { level: 9 }));
}

/** What the page is told when it is sent. */
export interface PageSession {
  /** What the page's requests must send along; without it the page asks for the token. */
  readonly csrf?: string | undefined;
  /** Whether there are migrations to show: their route is a 404 where there are none. */
  readonly hasMigrations: boolean;
  /** Names of the modules of the script. */
  readonly modules: readonly string[];
}

/** Before which the modules of the script are named. */
const HEAD_END = "</head>";

/**
 * The page for one session, or with the login form where there is none.
 *
 * A page with a session carries the proof that its requests must send along: it is as secret as
 * the page itself, which no cache keeps and no other site can read. The modules of the script are
 * named in it, so that a browser asks for all of them at once instead of one after the other.
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
