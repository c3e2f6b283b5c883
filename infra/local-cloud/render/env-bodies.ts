import { randomBytes } from "node:crypto";

import { z } from "zod";

import { badRequest } from "../api-error.ts";

/** Render generates 32 bytes and shows them as 44 characters of base64. */
const GENERATED_BYTES = 32;

/** The value of a variable, or a request to generate one. */
const valueOrGenerated = {
  value: z.string().optional(),
  generateValue: z.boolean().optional(),
};

/** The body of `PUT …/env-vars/{key}`. */
export const EnvVarValue = z.object(valueOrGenerated);

/** Names may hold letters, digits, `_`, `-` and `.` and do not begin with a digit. */
const EnvVarKey = z.string().regex(/^[-._a-zA-Z][-._a-zA-Z0-9]*$/);

/** The variables of a new service or group. */
export const EnvVarList = z.array(z.object({ key: EnvVarKey, ...valueOrGenerated }));

/** The body of `PUT …/env-vars`: `null` clears, as `[]` does. */
export const EnvVarReplacement = EnvVarList.nullable().transform((list) => list ?? []);

/** The secret files of a new service or group. */
export const SecretFileList = z.array(z.object({ name: z.string().min(1), content: z.string() }));

/** The body of `PUT …/secret-files`: `null` clears, as `[]` does. */
export const SecretFileReplacement = SecretFileList.nullable().transform((list) => list ?? []);

/** The body of `PUT …/secret-files/{name}`. */
export const SecretFileContent = z.object({ content: z.string() });

/** The variables to store; reports all invalid ones at once. */
export function envVarsFrom(inputs: z.infer<typeof EnvVarList>): { key: string; value: string }[] {
  ensureUnique(inputs.map(({ key }) => key));
  return inputs.map((input) => ({ key: input.key, value: envValueFrom(input.key, input) }));
}

/** The value that was sent, or a new random one. */
export function envValueFrom(key: string, input: z.infer<typeof EnvVarValue>): string {
  if (!EnvVarKey.safeParse(key).success)
    throw badRequest(`invalid environment variable key: ${key}`);
  if (input.generateValue) return randomBytes(GENERATED_BYTES).toString("base64");
  if (input.value === undefined) throw badRequest(`${key}: value or generateValue is required`);

  return input.value;
}

/** Refuses two entries with one name. */
export function ensureUnique(names: readonly string[]): void {
  const twice = names.filter((name, index) => names.indexOf(name) !== index);
  if (twice.length > 0) throw badRequest(`duplicate names: ${[...new Set(twice)].join(", ")}`);
}
