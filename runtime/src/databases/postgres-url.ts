import { readFileSync } from "node:fs";
import type { ConnectionOptions } from "node:tls";
import type { ClientConfig } from "pg";

import { ConfigurationError } from "../contract/configuration-error.ts";
import { decodeUrlPart } from "../contract/text.ts";

/** `postgres` and `postgresql`, also with the name of a driver, as SQLAlchemy writes it. */
const SCHEME = /^postgres(ql)?(\+[a-z0-9_]+)?:/i;

/** What libpq's words for encryption mean, and the ones that asyncpg and node-postgres write as `ssl=`. */
const SSL_WORDS: Readonly<Record<string, "off" | "encrypted" | "ca" | "full">> = {
  disable: "off",
  false: "off",
  "0": "off",
  no: "off",
  // "Encrypted if it can be": the driver tries once, and these are for servers on a private network.
  allow: "off",
  prefer: "off",
  require: "encrypted",
  "no-verify": "encrypted",
  "verify-ca": "ca",
  "verify-full": "full",
  true: "full",
  "1": "full",
  yes: "full",
};

/**
 * The driver's settings from a URL in any form that the five systems write.
 *
 * The driver's own parser knows neither SQLAlchemy's schemes nor asyncpg's `ssl=require`, and takes
 * `sslmode=require` for `verify-full`, which the certificates of Render's databases do not pass.
 * No message shows any part of the URL: all of it may be secret.
 *
 * @param where names it in messages, best by its environment variable
 * @see https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING
 */
export function parsePostgresUrl(text: string, where = "the Postgres URL"): ClientConfig {
  if (!SCHEME.test(text)) {
    throw refusal(
      where,
      "is not a URL of Postgres.",
      "Write it as postgres://host/name, with user:password@ before the host.",
    );
  }
  // Another scheme than a web one is parsed by other rules, but the parts are the same.
  const withoutDriver = text.replace(SCHEME, "postgres:");
  if (!URL.canParse(withoutDriver)) {
    const remedy = "Encode characters such as # / @ : in the password as %23 %2F %40 %3A.";
    throw refusal(where, "cannot be read as a URL.", remedy);
  }
  const url = new URL(withoutDriver);
  const parameters = url.searchParams;
  const ssl = parseSsl(parameters, where);
  return Object.fromEntries(
    Object.entries({
      host: parameters.get("host") ?? decodeUrlPart(url.hostname.replace(/^\[|\]$/g, "")),
      port: portOf(parameters.get("port") ?? url.port),
      user: parameters.get("user") ?? decodeUrlPart(url.username),
      password: parameters.get("password") ?? decodeUrlPart(url.password),
      database: parameters.get("dbname") ?? decodeUrlPart(url.pathname.slice(1)),
      options: parameters.get("options") ?? undefined,
      application_name: parameters.get("application_name") ?? undefined,
      ssl,
    }).filter(([, value]) => value !== undefined && value !== ""),
  );
}

function parseSsl(parameters: URLSearchParams, where: string): boolean | ConnectionOptions {
  const word = (parameters.get("sslmode") ?? parameters.get("ssl") ?? "prefer").toLowerCase();
  const mode = SSL_WORDS[word];
  if (mode === undefined) {
    const known = Object.keys(SSL_WORDS).join(", ");
    throw refusal(where, "has an unknown sslmode.", `Known are: ${known}.`);
  }
  if (mode === "off") return false;
  const files = {
    ca: readCertificate(parameters, { name: "sslrootcert", where }),
    cert: readCertificate(parameters, { name: "sslcert", where }),
    key: readCertificate(parameters, { name: "sslkey", where }),
  };
  const given = Object.fromEntries(Object.entries(files).filter(([, it]) => it !== undefined));
  // As in libpq, a root certificate makes `require` check the chain.
  if (mode === "encrypted" && files.ca === undefined)
    return { ...given, rejectUnauthorized: false };
  if (mode === "full") return { ...given, rejectUnauthorized: true };
  return { ...given, rejectUnauthorized: true, checkServerIdentity: () => undefined };
}

function readCertificate(
  parameters: URLSearchParams,
  { name, where }: { name: string; where: string },
): string | undefined {
  const path = parameters.get(name);
  // libpq's word for the certificates of the system, which Node uses anyway.
  if (path === null || path === "" || path === "system") return undefined;
  try {
    return readFileSync(path, "utf8");
  } catch {
    const remedy = "Name a file that this process can read.";
    throw refusal(where, `names a file in ${name} that cannot be read.`, remedy);
  }
}

function portOf(text: string): number | undefined {
  return text === "" ? undefined : Number(text);
}

function refusal(where: string, message: string, remedy: string): ConfigurationError {
  return new ConfigurationError([{ where, message, remedy }]);
}
