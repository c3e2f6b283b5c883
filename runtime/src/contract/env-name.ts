/** Fields of a manifest and of job options that hold the name of an environment variable. */
const NAMING_FIELD = /(^e|E)nv$/;

/** Names that people give to what must stay secret, in parts between underscores. */
const SECRET_NAME =
  /(^|_)(KEY|APIKEY|TOKENS?|SECRETS?|PASS|PASSWORD|PASSWD|PASSPHRASE|PWD|CREDENTIALS?|DSN|JWT|AUTH|COOKIE|PRIVATE|SIGNATURE|WEBHOOK)(_|$)|(DATABASE|REDIS|POSTGRES|MONGO|AMQP|WEBHOOK|HOOK|PING)_?UR[IL]$/i;

/** Names of variables that say where a secret is, and not what it is; a shell's PWD is a directory. */
const PLACE_NAME = /_(FILE|PATH|DIR)$|^(OLD)?PWD$/i;

/**
 * Fields that name a variable whose value grants something: whoever knows a webhook's or a ping's
 * URL can call it.
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
  return SECRET_NAME.test(name) && !PLACE_NAME.test(name);
}

/** Every environment variable that a manifest names, by the fields that name it. */
export function namedVariables(manifest: object): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, Set<string>>();
  collect(manifest, found);
  return found;
}

/** The variables of a manifest whose values are secrets. */
export function secretVariables(manifest: object): ReadonlySet<string> {
  const secret = [...namedVariables(manifest)].filter(
    ([name, fields]) => isSecretName(name) || [...fields].some((field) => SECRET_FIELDS.has(field)),
  );
  return new Set(secret.map(([name]) => name));
}

function collect(value: unknown, found: Map<string, Set<string>>): void {
  if (typeof value !== "object" || value === null) return;
  for (const [field, child] of Object.entries(value)) {
    const names = typeof child === "string" && NAMING_FIELD.test(field);
    if (names) found.set(child, (found.get(child) ?? new Set()).add(field));
    else collect(child, found);
  }
}
