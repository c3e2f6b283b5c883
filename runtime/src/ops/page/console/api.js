/** Path prefix of our own routes; below /ops a runbook's preset may replace them. */
export const API = "/ops/api";

/** Poll intervals for a run that was started here. */
const LOOK_MS = 300;
const LOOK_MS_MAX = 3_000;

/** An error answer with the server's message. */
export class ApiError extends Error {
  /** @param {number} status @param {string} message */
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** The CSRF token, which the server wrote into the page. */
const csrf = document.documentElement.dataset["csrf"] ?? "";

/** Whether this page has a session. */
export function isLoggedIn() {
  return csrf !== "";
}

/**
 * Starts a session, whose cookie no script can read. The page is then reloaded.
 *
 * @param {string} token
 */
export async function logIn(token) {
  await ask("POST", "/login", { token });
  location.reload();
}

/** Ends the session. */
export async function logOut() {
  await ask("POST", "/logout", {});
  location.reload();
}

/**
 * Sends a request with the page's session.
 *
 * @template T
 * @param {string} method
 * @param {string} path below our own paths
 * @param {object} [body] sent as JSON
 * @returns {Promise<T>}
 */
export function ask(method, path, body) {
  if (body === undefined) return send(path, { method });
  const headers = { "content-type": "application/json" };
  return send(path, { method, headers, body: JSON.stringify(body) });
}

/**
 * Uploads a file.
 *
 * @template T
 * @param {string} path
 * @param {Blob} file
 * @param {Readonly<Record<string, string>>} headers
 * @returns {Promise<T>}
 */
function sendFile(path, file, headers) {
  const type = { "content-type": "application/octet-stream" };
  return send(path, { method: "PUT", headers: { ...type, ...headers }, body: file });
}

/**
 * Waits until a started run has finished, and returns its record.
 *
 * @param {import("./answers.d.ts").Run | { runId: string, status: "running" }} started
 * @returns {Promise<import("./answers.d.ts").Run>}
 */
export async function untilEnded(started) {
  let run = started;
  for (
    let waitMs = LOOK_MS;
    run.status === "running";
    waitMs = Math.min(waitMs * 1.5, LOOK_MS_MAX)
  ) {
    await new Promise((resolve) => setTimeout(resolve, waitMs));
    run = await ask("GET", `/runs/${run.runId}`);
  }
  return /** @type {import("./answers.d.ts").Run} */ (run);
}

/**
 * @template T
 * @param {string} path
 * @param {RequestInit} init
 * @returns {Promise<T>}
 */
async function send(path, init) {
  const response = await reach(path, init);
  const answer = await readAnswer(response);
  if (response.ok) return /** @type {T} */ (answer);
  // The session has expired; the reloaded page asks for the token.
  if (response.status === 401 && path !== "/login") location.reload();
  throw new ApiError(response.status, errorWords(answer, response.status));
}

/** @param {string} path @param {RequestInit} init */
async function reach(path, init) {
  const headers = { accept: "application/json", "x-csrf-token": csrf, ...init.headers };
  try {
    return await fetch(`${API}${path}`, { ...init, headers });
  } catch {
    throw new ApiError(0, "The server does not answer.");
  }
}

/** @param {Response} response @returns {Promise<unknown>} */
async function readAnswer(response) {
  const text = await response.text();
  try {
    return text === "" ? {} : JSON.parse(text);
  } catch {
    return {};
  }
}

/** @param {unknown} answer @param {number} status */
function errorWords(answer, status) {
  const isTold = typeof answer === "object" && answer !== null && "error" in answer;
  return isTold ? String(answer.error) : `HTTP ${status}`;
}

/** @type {PromiseWithResolvers<readonly string[]>} */
const first = Promise.withResolvers();

/** The names of the jobs, once they are loaded. */
export const jobNames = first.promise;

/**
 * Ends the wait for the names when loading them fails.
 *
 * @param {Promise<readonly string[]>} loading
 */
export async function tellJobNames(loading) {
  first.resolve(await loading.catch(() => []));
}

/** Storage key of the operator's name; the token is not stored. */
const KEY = "opspec.console.name";

/** Longest name that the server accepts as an actor, without its prefix. */
const NAME_MAX = 90;

/** The operator's name, if given. */
export function personName() {
  return localStorage.getItem(KEY) ?? "";
}

/** @param {string} name */
export function keepPersonName(name) {
  localStorage.setItem(KEY, name.trim().slice(0, NAME_MAX));
}

/** The actor for records and log lines. */
export function actor() {
  return `manual ${personName() || "ops"}`;
}

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
