/**
 * What a browser may do with an answer: nothing. A page says in its own header what it needs.
 *
 * Nobody keeps an answer, no page frames it, and its address is not told to other sites.
 */
const SAFE_HEADERS: Readonly<Record<string, string>> = {
  "cache-control": "no-store, max-age=0",
  pragma: "no-cache",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
};

/** Headers that a route may say otherwise: those of a page that runs scripts. */
const OWN_ALLOWED = ["content-security-policy"];

/** Adds them to an answer, whatever a route said. */
export function withSafeHeaders(headers: Headers): void {
  for (const [name, value] of Object.entries(SAFE_HEADERS)) {
    if (!OWN_ALLOWED.includes(name) || !headers.has(name)) headers.set(name, value);
  }
}
