import { MANIFEST_FILE } from "@opspec/runtime/contract";
import type { Problem } from "../../errors.ts";
import type { PartialStackSpec } from "../../spec/stack.ts";
import { entriesOf } from "../entries.ts";
import { type Variable, variablesOf } from "../variables.ts";

/** Loopback hosts. In production no other service runs on the same machine. */
const LOCAL_HOST =
  /^[a-z][a-z0-9+.-]*:\/\/([^/@\s]*@)?(localhost|127\.\d+\.\d+\.\d+|0\.0\.0\.0|\[::1\])([:/?#]|$)/i;

/** Clear-text HTTP to a host with a dot: a name without one is in the private network. */
const PLAIN_HTTP = /^http:\/\/[^/\s:]*\./i;

/**
 * A URL up to a separator; only an IPv6 host has brackets. No scheme in use has more than 30
 * characters, and without a limit the search of a long text takes quadratic time.
 */
const URLS = /[a-z][a-z0-9+.-]{0,29}:\/\/(\[[0-9a-f:.]+\])?[^\s"'`,;<>()[\]{}|]*/gi;

/** User and password of a URL. */
const USER_INFO = /:\/\/[^/@\s"']*@/g;

/** A URL with a password in it. */
const CREDENTIALS = /(^|[\s"'`,;<>()[\]{}|])[a-z][a-z0-9+.-]*:\/\/[^/@\s:]*:[^/@\s]+@/i;

/** Names that Render sets itself. @see https://render.com/docs/environment-variables */
const RENDER_VARIABLES = [
  "IS_PULL_REQUEST",
  "RENDER",
  "RENDER_CPU_COUNT",
  "RENDER_DISCOVERY_SERVICE",
  "RENDER_EXTERNAL_HOSTNAME",
  "RENDER_EXTERNAL_URL",
  "RENDER_GIT_BRANCH",
  "RENDER_GIT_COMMIT",
  "RENDER_GIT_REPO_SLUG",
  "RENDER_INSTANCE_ID",
  "RENDER_SERVICE_ID",
  "RENDER_SERVICE_NAME",
  "RENDER_SERVICE_TYPE",
  "RENDER_WEB_CONCURRENCY",
];

/** The runtime sets names with this prefix. */
const RUNTIME_PREFIX = "OPSPEC_";

/** Refuses variable values that are unsafe or cannot work where the stack runs. */
export function validateEnvValues(spec: PartialStackSpec): Problem[] {
  const environment = spec.environment ?? "production";
  return [
    ...variablesOf(spec).flatMap((variable) => [
      ...reserved(variable),
      ...credentials(variable),
      ...(environment === "production" ? unsafeUrl(variable) : []),
    ]),
    ...portMismatch(spec),
    ...fileNames(spec),
  ];
}

function reserved({ path, name }: Variable): Problem[] {
  const isRender = RENDER_VARIABLES.includes(name);
  if (!isRender && !name.startsWith(RUNTIME_PREFIX)) return [];
  const message = `is set by ${isRender ? "Render" : "the runtime"}.`;
  return [{ path, message, remedy: "Use another name." }];
}

function credentials({ path, parts }: Variable): Problem[] {
  if (typeof parts.value !== "string" || !CREDENTIALS.test(parts.value)) return [];
  return [
    {
      path,
      message: "has a password in clear text.",
      remedy:
        "Declare a secret for the whole URL and change the password, which is in the history of this file.",
    },
  ];
}

function unsafeUrl({ path, parts }: Variable): Problem[] {
  const values = typeof parts.value === "string" ? urlsIn(parts.value) : [];
  const local = values.find((it) => LOCAL_HOST.test(it));
  if (local !== undefined) {
    return [
      {
        path,
        message: `points to this machine in production, got "${hostOf(local)}".`,
        remedy: "Use { url: <service> } or the real address.",
      },
    ];
  }
  const plain = values.find((it) => PLAIN_HTTP.test(it));
  if (plain === undefined) return [];
  return [
    {
      path,
      message: `is a clear-text http URL in production, got "${hostOf(plain)}".`,
      remedy: "Use https, or { url: <service> }.",
    },
  ];
}

/** Every URL of a text, also inside quotes, brackets and lists; without user and password. */
function urlsIn(value: string): string[] {
  return value.replaceAll(USER_INFO, "://").match(URLS) ?? [];
}

/** Scheme and host only: a path or a query may carry a token. */
function hostOf(url: string): string {
  return url.replace(/^([a-z][a-z0-9+.-]*:\/\/)([^/@]*@)?([^/?#]*).*$/i, "$1$3");
}

function portMismatch(spec: PartialStackSpec): Problem[] {
  return entriesOf(spec.services).flatMap(([key, { port, env }]) => {
    const value = env?.["PORT"];
    if (port === undefined || value === undefined || String(value) === String(port)) return [];
    return [
      {
        path: `services/${key}/env/PORT`,
        message: `differs from port: ${port}.`,
        remedy: "Remove it; port: sets PORT.",
      },
    ];
  });
}

function fileNames(spec: PartialStackSpec): Problem[] {
  return entriesOf(spec.services).flatMap(([key, { secretFiles }]) => {
    if (!secretFiles || !(MANIFEST_FILE in secretFiles)) return [];
    return [
      {
        path: `services/${key}/secretFiles/${MANIFEST_FILE}`,
        message: "is the name of the runtime's manifest.",
        remedy: "Use another name.",
      },
    ];
  });
}
