import { SECRET_LENGTH_MIN } from "@opspec/runtime/secret-text";
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
  const length = value.trim().length;
  const cannotBeHidden = value !== "" && value.length >= minLength && length < SECRET_LENGTH_MIN;
  const known = [...WEAK_VALUES, ...weak].map((it) => it.toLowerCase());
  return [
    ...(cannotBeHidden
      ? [
          `${name}: is too short to be hidden in logs and errors, which needs ${SECRET_LENGTH_MIN} characters. Use a longer value.`,
        ]
      : []),
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
