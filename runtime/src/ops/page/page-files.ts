import { readdir, readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { promisify } from "node:util";
import { gzip } from "node:zlib";

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
export interface PageFile {
  readonly contentType: string;
  readonly text: string;
  /** The same, for browsers that take it, which all do. */
  readonly gzipped: Uint8Array<ArrayBuffer>;
}

let files: Promise<ReadonlyMap<string, PageFile>> | undefined;

/** The files of the page by their names. They are read when somebody first asks, and then kept. */
export function pageFiles(): Promise<ReadonlyMap<string, PageFile>> {
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
export async function zipped(text: string): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await promisify(gzip)(text, { level: 9 }));
}
