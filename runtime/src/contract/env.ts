/** Environment variables by name, as in `process.env`. */
export type Env = Readonly<Record<string, string | undefined>>;

/** The value of a variable. An empty variable counts as not set, as in most dashboards. */
export function valueOf(env: Env, name: string): string | undefined {
  const value = env[name];
  return value === undefined || value === "" ? undefined : value;
}

/** Words for on: TRUE of a sheet's checkbox, 1 of an env file, and plain words. */
const ON = ["true", "1", "yes", "on"];

/** Words for off. Any other word is off too, and worth a warning. */
const OFF = ["false", "0", "no", "off"];

/** The meaning of a switch's value; `missing` for none and for blank text. */
export function meaningOf(value: unknown): "on" | "off" | "missing" | "unclear" {
  const text = String(value ?? "")
    .trim()
    .toLowerCase();
  if (text === "") return "missing";
  if (ON.includes(text)) return "on";
  return OFF.includes(text) ? "off" : "unclear";
}

/** Fields of a manifest and of job options that hold the name of an environment variable. */
const NAMING_FIELD = /(^e|E)nv$/;

/** Names that secrets usually have, in parts between underscores. */
const SECRET_NAME =
  /(^|_)(KEY|APIKEY|TOKENS?|SECRETS?|PASS|PASSWORD|PASSWD|PASSPHRASE|PWD|CREDENTIALS?|DSN|JWT|AUTH|COOKIE|PRIVATE|SIGNATURE|WEBHOOK)(_|$)|(DATABASE|REDIS|POSTGRES|MONGO|AMQP|WEBHOOK|HOOK|PING)_?UR[IL]$/i;

/** Names of variables that hold the location of a secret, not the secret. A shell's PWD is a directory. */
const LOCATION_NAME = /_(FILE|PATH|DIR)$|^(OLD)?PWD$/i;

/**
 * Fields that name a variable with a secret value. URLs of webhooks and pings are secrets, because
 * everyone who knows one can call it.
 */
const SECRET_FIELDS: ReadonlySet<string> = new Set([
  "urlEnv",
  "keyEnv",
  "passEnv",
  "accessKeyEnv",
  "secretKeyEnv",
  "dsnEnv",
  "tokenEnv",
  "pingEnv",
  "credentialsEnv",
  "metricsKeyEnv",
]);

/** Whether a variable of this name usually holds a secret. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name) && !LOCATION_NAME.test(name);
}

/** Every environment variable that a manifest names, with the fields that name it. */
export function namedVariables(manifest: object): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, Set<string>>();
  collect(manifest, found);
  return found;
}

/** The variables of a manifest that hold secrets. */
export function secretVariables(
  manifest: object & { readonly secrets?: readonly string[] | undefined },
): ReadonlySet<string> {
  const secret = [...namedVariables(manifest)].filter(
    ([name, fields]) => isSecretName(name) || [...fields].some((field) => SECRET_FIELDS.has(field)),
  );
  return new Set([...secret.map(([name]) => name), ...(manifest.secrets ?? [])]);
}

function collect(value: unknown, found: Map<string, Set<string>>): void {
  if (typeof value !== "object" || value === null) return;
  for (const [field, child] of Object.entries(value)) {
    const isName = typeof child === "string" && NAMING_FIELD.test(field);
    if (isName) found.set(child, (found.get(child) ?? new Set()).add(field));
    else collect(child, found);
  }
}
