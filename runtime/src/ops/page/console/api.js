/**
 * Our own paths: a runbook's path may be the same as one below /ops, with another body.
 */
export const API = "/ops/api";

/** Between two looks at a run that was started here: short at first, then longer. */
const LOOK_MS = 300;
const LOOK_MS_MAX = 3_000;

/** An answer that is no success, in the words of the server. */
export class ApiError extends Error {
  /** @param {number} status @param {string} message */
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/**
 * What proves that this page asks, and no page of another site: the server wrote it into the page.
 */
const csrf = document.documentElement.dataset["csrf"] ?? "";

/** Whether this page has a session. */
export function isLoggedIn() {
  return csrf !== "";
}

/**
 * Begins a session; its cookie is one that no script can read. The page is loaded anew then.
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
 * Asks the server, as the session of this page.
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
 * Sends a file as it is.
 *
 * @template T
 * @param {string} path
 * @param {Blob} file
 * @param {Readonly<Record<string, string>>} headers
 * @returns {Promise<T>}
 */
export function sendFile(path, file, headers) {
  const type = { "content-type": "application/octet-stream" };
  return send(path, { method: "PUT", headers: { ...type, ...headers }, body: file });
}

/**
 * Waits until a run that was started has ended, and gives its record.
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
  // The session is over: loaded anew, the page asks for the token.
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

/** The names of the jobs, as soon as they were loaded for the first time. */
export const jobNames = first.promise;

/**
 * Whoever waits for the names waits no longer when they cannot be loaded.
 *
 * @param {Promise<readonly string[]>} loading
 */
export async function tellJobNames(loading) {
  first.resolve(await loading.catch(() => []));
}
