import type { RedisOptions } from "ioredis";

import { ConfigurationError } from "../../contract/configuration-error.ts";
import { decodeUrlPart } from "../../contract/text.ts";

/**
 * The driver's settings from a `redis://` or `rediss://` URL.
 *
 * The driver's own parser takes anything that is no URL for a host name, and shows it in errors.
 * redis-py's `ssl_cert_reqs=none` is understood, because a Python app shares its variable with us.
 *
 * @param where names it in messages, best by its environment variable
 */
export function parseRedisUrl(text: string, where = "the Redis URL"): RedisOptions {
  const isRedis = /^rediss?:\/\//i.test(text);
  if (!isRedis || !URL.canParse(text)) {
    const remedy =
      "Write it as redis://host:6379/0, with user:password@ before the host, and characters such as # / @ in them encoded.";
    throw new ConfigurationError([{ where, message: "is not a URL of Redis.", remedy }]);
  }
  const url = new URL(text);
  const database = url.pathname.slice(1) || url.searchParams.get("db") || "0";
  if (!/^\d{1,9}$/.test(database)) {
    const remedy = "End it with /0, or with the number of another database.";
    throw new ConfigurationError([{ where, message: "names no number of a database.", remedy }]);
  }
  const password = decodeUrlPart(url.password);
  const username = decodeUrlPart(url.username);
  const verify = !/^(cert_)?none$/i.test(url.searchParams.get("ssl_cert_reqs") ?? "");
  return {
    host: url.hostname.replace(/^\[|\]$/g, "") || "localhost",
    port: Number(url.port || 6379),
    ...(username === "" ? {} : { username }),
    ...(password === "" ? {} : { password }),
    db: Number(database),
    ...(url.protocol === "rediss:" ? { tls: { rejectUnauthorized: verify } } : {}),
  };
}
