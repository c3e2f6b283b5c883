import { openRedis } from "../../databases/redis/connection.ts";
import type { Env } from "../../contract/env.ts";
import type { SharedDocument } from "./document.ts";

/** Key; the version that was read, and the text. */
const REPLACE = `
  local version = redis.call('HGET', KEYS[1], 'version') or '0'
  if version ~= ARGV[1] then return 0 end
  redis.call('HSET', KEYS[1], 'version', string.format('%.0f', tonumber(ARGV[1]) + 1), 'text', ARGV[2])
  return 1`;

/** A document in a hash. */
export async function openRedisDocument(
  urlEnv: string,
  env: Env,
  name: string,
): Promise<SharedDocument> {
  const key = `opspec:documents:${name}`;
  const connection = await openRedis(urlEnv, env);
  return {
    isKept: true,
    read: async () => {
      const [version, text] = await connection.use(`read ${name}`, (redis) =>
        redis.hmget(key, "version", "text"),
      );
      return { version: Number(version ?? 0), text: text ?? undefined };
    },
    replace: async (version, text) => {
      const written = await connection.use(`write ${name}`, (redis) =>
        redis.eval(REPLACE, 1, key, String(version), text),
      );
      return written === 1;
    },
    close: () => connection.close(),
  };
}
