import type { SecretModel } from "./stack-model.ts";

/** Values that are tried first by everybody who guesses. */
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
 * What is wrong with the value of a secret, without the value. Called where values are known
 * (`infra/secrets.ts`); the rule stands here because it is a decision.
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
