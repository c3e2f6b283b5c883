import { z } from "zod";
import { EnvName, Key } from "./scalar.ts";

/** A Postgres database of this stack. */
export const DatabaseRef = z
  .strictObject({ database: Key.meta({ description: "Key of a database.", examples: ["main"] }) })
  .meta({
    id: "databaseRef",
    description:
      "A Postgres database of this stack. The process reads its URL from a variable that already holds it, otherwise from OPSPEC_DATABASE_<KEY>_URL, which is added.",
  });

/** A Key Value store of this stack. */
export const KeyValueRef = z
  .strictObject({
    keyValue: Key.meta({ description: "Key of a Key Value store.", examples: ["queue"] }),
  })
  .meta({
    id: "keyValueRef",
    description:
      "A Key Value store (Redis) of this stack. The process reads its URL from a variable that already holds it, otherwise from OPSPEC_KEY_VALUE_<KEY>_URL, which is added.",
  });

/** A variable that the process has anyway. */
export const EnvRef = z
  .strictObject({
    env: EnvName.meta({
      description: "Variable of the process.",
      examples: ["REDIS_URL"],
    }),
  })
  .meta({ id: "envRef", description: "The value of a variable of the process." });

/** The value of a secret. */
const SecretRef = z
  .strictObject({
    secret: EnvName.meta({
      description: "Name of a secret of this stack.",
      examples: ["WEBHOOK_URL"],
    }),
  })
  .meta({
    id: "secretRef",
    description:
      "The value of a secret. The process reads it from a variable that already holds it, otherwise from OPSPEC_SECRET_<NAME>, which is added.",
  });

/** Where a Postgres is. */
export const PostgresAddress = z
  .union([DatabaseRef, EnvRef, SecretRef])
  .meta({ id: "postgresAddress" });

/** Where a Redis is. */
export const RedisAddress = z.union([KeyValueRef, EnvRef, SecretRef]).meta({ id: "redisAddress" });

/** A list in Redis, by its key and its store. */
export const redisList = {
  queue: z
    .string()
    .min(1)
    .meta({ description: "Key of the list.", examples: ["jobs:dead"] }),
  of: RedisAddress.meta({ description: "The store.", examples: [{ keyValue: "queue" }] }),
};

/** A URL or another value that the process reads from a variable. */
export const HiddenValue = z.union([SecretRef, EnvRef]).meta({ id: "hiddenValue" });

/** Something that the runtime reads from a variable of its process. */
export type Reference =
  | { readonly database: string }
  | { readonly keyValue: string }
  | { readonly secret: string }
  | { readonly env: string };
