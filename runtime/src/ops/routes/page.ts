import { HttpError } from "../../http.ts";
import { type PageFile, pageFiles, zipped } from "../page/page-files.ts";
import { pageText } from "../page/page-text.ts";
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
