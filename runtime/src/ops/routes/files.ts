import { constants } from "node:fs";
import { open, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { json, HttpError } from "../../http.ts";
import { Actor, actorOf, logChange } from "../api.ts";
import { CHECKSUM_HEADER, downloadOf } from "../file-download.ts";
import { type FilePlace, findPlace, listDirectory, listPersisted } from "../persisted-files.ts";
import { FILE_BYTES_MAX, restoreFile } from "../restored-file.ts";
import type { ProcessContext } from "../../run/process.ts";
import type { OpsContext, OpsRoute } from "../api.ts";

/** Who restores: the body is the file itself. */
const ACTOR_HEADER = "x-ops-actor";

/** What the app keeps on its disk, browsed, downloaded and put back file by file. */
export const fileRoutes: readonly OpsRoute[] = [
  { method: "GET", path: "/ops/files", answer: listRoots },
  { method: "GET", path: "/ops/files/:path{.+}", answer: showFile },
  { method: "PUT", path: "/ops/files/:path{.+}", answer: putFile },
];

async function listRoots({ var: { ops } }: OpsContext): Promise<Response> {
  const places = await listPersisted(ops.process);
  return json(200, {
    paths: places.map(({ path, entry }) => ({ ...entry, path, exists: entry !== undefined })),
  });
}

async function showFile(c: OpsContext): Promise<Response> {
  const place = await placeOf(c.var.ops.process, c.req.param("path"));
  if (place.entry === undefined) throw noFile();
  if (place.entry.kind === "file") return download(place);
  const { entries, isCut } = await listDirectory(place);
  return json(200, { path: place.path, entries, ...(isCut ? { isCut } : {}) });
}

/** Once it is open, what happens to its name does not cut the download off. */
async function download({ at, entry }: FilePlace): Promise<Response> {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const file = await open(at, flags).catch(() => undefined);
  if (!file) throw noFile();
  const found = await file.stat();
  if (!found.isFile()) {
    await file.close();
    throw noFile();
  }
  const name = encodeURIComponent(entry?.name ?? "file");
  return downloadOf(file, {
    "content-disposition": `attachment; filename*=UTF-8''${name}`,
    "last-modified": found.mtime.toUTCString(),
  });
}

async function putFile(c: OpsContext): Promise<Response> {
  const { process } = c.var.ops;
  const request = c.req.raw;
  const place = await placeOf(process, c.req.param("path"));
  if (place.entry?.kind === "directory") throw new HttpError(409, "this is a directory");
  const isInDirectory = (await stat(dirname(place.at)).catch(() => undefined))?.isDirectory();
  if (isInDirectory !== true) throw new HttpError(404, "there is no such directory");
  const said = Number(request.headers.get("content-length") ?? 0);
  if (said > FILE_BYTES_MAX) {
    throw new HttpError(413, `the file is longer than ${FILE_BYTES_MAX} bytes`);
  }
  const actor = actorOf(c, actorHeader(request));
  const restored = await restoreFile({
    at: place.at,
    body: request.body ?? emptyBody(),
    bytesMax: FILE_BYTES_MAX,
    sha256: request.headers.get(CHECKSUM_HEADER) ?? undefined,
    now: process.clock.now(),
  });
  logChange(c, { actor, did: "restore a file", path: place.path, ...restored });
  return json(200, { path: place.path, ...restored });
}

function actorHeader({ headers }: Request): string | undefined {
  const said = headers.get(ACTOR_HEADER);
  if (said === null) return undefined;
  const actor = Actor.safeParse(said);
  if (actor.success) return actor.data;
  throw new HttpError(400, `${ACTOR_HEADER}: should be \`call\` or \`manual <who>\``);
}

async function placeOf(process: ProcessContext, path = ""): Promise<FilePlace> {
  const place = await findPlace(process, path);
  if (!place) throw noFile();
  return place;
}

async function* emptyBody(): AsyncGenerator<Uint8Array> {}

function noFile(): HttpError {
  return new HttpError(404, "there is no such file among what is persisted");
}
