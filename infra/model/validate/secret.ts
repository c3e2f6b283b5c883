import type { Problem } from "../../errors.ts";
import type { PartialStackSpec } from "../../spec/stack.ts";
import { entriesOf } from "../entries.ts";
import { type Variable, variablesOf } from "../variables.ts";

/** Name patterns of variables that hold secrets. */
const SECRET_NAME = /(_(KEY|SECRET|PASSWORD|TOKEN)|^API_?KEY)$/i;

/** Public values: public keys and values that a build puts into the browser. */
const PUBLIC_NAME = /(_PUBLIC_KEY|_PUBLISHABLE_KEY)$|^(VITE|NEXT_PUBLIC)_/i;

/** Values that are not secret: empty, or the path of a file with a secret. */
const NO_SECRET = /^(\s*|\.{0,2}\/[\w./-]+)$/;

/** Refuses secrets in clear text, and a secret's name with another value. */
export function validateSecrets(spec: PartialStackSpec): Problem[] {
  return [
    ...variablesOf(spec).flatMap((variable) => namedLikeSecret(spec, variable)),
    ...aliasProblems(spec),
    ...sourceProblems(spec),
  ];
}

function namedLikeSecret(spec: PartialStackSpec, { path, name, parts }: Variable): Problem[] {
  if (!spec.secrets?.[name]) return clearSecret(path, name, parts.value);
  if (parts.value !== undefined) {
    return [
      {
        path,
        message: "is declared as a secret but written here in clear text.",
        remedy: `Use { secret: ${name} }, and rotate the value, because the history of this file contains it.`,
      },
    ];
  }
  if (parts.secret === name) return [];
  const other = parts.secret === undefined ? "another value" : `the secret "${parts.secret}"`;
  return [
    {
      path,
      message: `has ${other}, while "${name}" is a secret of this stack: two values for one name.`,
      remedy: `Use { secret: ${name} }, or rename one of them.`,
    },
  ];
}

/** The value is never repeated. */
function clearSecret(path: string, name: string, value: unknown): Problem[] {
  if (!SECRET_NAME.test(name) || PUBLIC_NAME.test(name)) return [];
  if (value === undefined || typeof value === "boolean" || NO_SECRET.test(String(value))) return [];
  return [
    {
      path,
      message: "contains a secret in clear text.",
      remedy: "Use { secret: NAME } and set its value as configuration.",
    },
  ];
}

function aliasProblems(spec: PartialStackSpec): Problem[] {
  const secrets = entriesOf(spec.secrets);
  return secrets.flatMap(([name, { aliases }]) =>
    (aliases ?? []).flatMap((alias, index) => {
      if (alias === undefined || (alias !== name && !spec.secrets?.[alias])) return [];
      return [
        {
          path: `secrets/${name}/aliases/${index}`,
          message: `"${alias}" is a secret of its own.`,
          remedy: "Remove one of them.",
        },
      ];
    }),
  );
}

function sourceProblems(spec: PartialStackSpec): Problem[] {
  return entriesOf(spec.secrets).flatMap(([name, { from, generate }]) => {
    if (!from || !generate) return [];
    return [
      {
        path: `secrets/${name}/generate`,
        message: "cannot be combined with from.",
        remedy: "Keep one way to the value.",
      },
    ];
  });
}
