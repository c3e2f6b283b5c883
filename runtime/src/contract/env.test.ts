import { expect, test } from "vitest";
import { isSecretName } from "./env.ts";

test("a variable's name tells that it holds a secret, and not where one is or where a shell stands", () => {
  for (const name of ["DB_PWD", "SECRET_KEY", "DATABASE_URL", "SENTRY_DSN"]) {
    expect(isSecretName(name), name).toBe(true);
  }
  // Hidden by its value, a working directory would be missing in every message about a file.
  for (const name of ["PWD", "OLDPWD", "SECRET_KEY_FILE", "PORT", "HOME"]) {
    expect(isSecretName(name), name).toBe(false);
  }
});
