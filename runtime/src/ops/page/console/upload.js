import { ask, sendFile } from "./api.js";
import { actor } from "./login.js";

/** What the letters of a header may be; other letters of a name are left out there. */
const NOT_OF_A_HEADER = /[^\x20-\x7e]/g;

/**
 * Puts a file of the disk in its place.
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
 * Sends a database, which is looked at before it takes the place of another one.
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
 * Starts the restore of a database that was sent.
 *
 * @param {string} name
 * @returns {Promise<import("./answers.d.ts").StartedRun>}
 */
export function restoreUpload(name) {
  const path = `/backups/uploads/${encodeURIComponent(name)}/restore`;
  return ask("POST", path, { confirm: name, actor: actor() });
}

/**
 * With its checksum a file that arrives damaged is refused.
 *
 * @param {Blob} file
 */
async function checksumOf(file) {
  // Browsers compute it on https and on localhost only.
  if (!globalThis.isSecureContext) throw new Error("Files are sent over https only.");
  const digest = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
  const digits = [...new Uint8Array(digest)].map((it) => it.toString(16).padStart(2, "0"));
  return { "x-checksum-sha256": digits.join("") };
}
