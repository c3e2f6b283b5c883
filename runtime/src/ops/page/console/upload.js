import { ask, sendFile } from "./api.js";
import { actor } from "./login.js";

/** Characters allowed in a header; others are removed from the name there. */
const NOT_OF_A_HEADER = /[^\x20-\x7e]/g;

/**
 * Replaces a file of the disk.
 *
 * @param {string} path
 * @param {File} file
 */
export async function uploadFile(path, file) {
  const who = actor().replace(NOT_OF_A_HEADER, "").trim();
  return sendFile(path, file, {
    ...(await checksumOf(file)),
    ...(/^manual \S/.test(who) ? { "x-ops-actor": who } : {}),
  });
}

/**
 * Uploads a database, which is verified before it can replace another one.
 *
 * @param {File} file
 */
export async function uploadDatabase(file) {
  const path = `/backups/uploads/${encodeURIComponent(file.name)}`;
  await sendFile(
    `${path}?${new URLSearchParams({ actor: actor() })}`,
    file,
    await checksumOf(file),
  );
}

/**
 * Starts the restore of an uploaded database.
 *
 * @param {string} name
 * @returns {Promise<import("./answers.d.ts").StartedRun>}
 */
export function restoreUpload(name) {
  const path = `/backups/uploads/${encodeURIComponent(name)}/restore`;
  return ask("POST", path, { confirm: name, actor: actor() });
}

/**
 * The checksum lets the server refuse a damaged upload.
 *
 * @param {Blob} file
 */
async function checksumOf(file) {
  // Browsers provide it only on https and localhost.
  if (!globalThis.isSecureContext) throw new Error("Files are sent over https only.");
  const digest = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
  const digits = [...new Uint8Array(digest)].map((it) => it.toString(16).padStart(2, "0"));
  return { "x-checksum-sha256": digits.join("") };
}
