import type { SecretModel } from "./stack-model.ts";

/** Values that attackers try first. */
const WEAK_VALUES = [
  "changeme",
  "change-me",
  "secret",
  "password",
  "admin",
  "admin123",
  "123456",
  "12345678",
  "test",
];

/**
 * The problem of a secret's value, without the value. Called by `infra/secrets.ts`, where values
 * are known.
 */
export function secretValueProblems(secret: SecretModel, value: string): string[] {
  const { name, minLength = 0, weak = [] } = secret;
  const known = [...WEAK_VALUES, ...weak].map((it) => it.toLowerCase());
  return [
    ...(value.length < minLength
      ? [
          `${name}: is too short: ${value.length} of at least ${minLength} characters. Generate a longer one.`,
        ]
      : []),
    ...(known.includes(value.trim().toLowerCase())
      ? [`${name}: is a well-known value. Generate another.`]
      : []),
    ...(value === "" ? [`${name}: is empty. Set it or remove it.`] : []),
  ];
}
