import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { resolveSecretFiles } from "./secret-file.ts";

function secretFile(content: string): string {
  const path = join(mkdtempSync(join(tmpdir(), "opspec-")), "secret");
  writeFileSync(path, content);
  return path;
}

test("every secret may come as a file, without the line break at its end", () => {
  const path = secretFile("from-a-file\n");

  const env = resolveSecretFiles({ SENDGRID_API_KEY_FILE: path, LOG_FILE: "/var/log/app.log" });

  expect(env["SENDGRID_API_KEY"]).toBe("from-a-file");
  expect(env["LOG"]).toBeUndefined();
});

test("a name that the manifest uses may come as a file, whatever its name", () => {
  const path = secretFile("sheet-1");

  expect(resolveSecretFiles({ SHEET_FILE: path }, new Set(["SHEET"]))["SHEET"]).toBe("sheet-1");
});

test("a secret that is set both ways is an error, without its value", () => {
  const env = { DB_PASSWORD: "hunter22", DB_PASSWORD_FILE: secretFile("hunter23") };

  expect(() => resolveSecretFiles(env)).toThrow(
    "DB_PASSWORD_FILE: is set in addition to DB_PASSWORD. Keep one of the two.",
  );
});

test("a secret file that is not there is an error that names it", () => {
  expect(() => resolveSecretFiles({ API_TOKEN_FILE: "/nowhere/token" })).toThrow(
    "API_TOKEN_FILE: /nowhere/token cannot be read (ENOENT). Correct the path or the file's permissions.",
  );
});

test("a file that is too large to be a secret is left to the app", () => {
  const path = secretFile("x".repeat(65 * 1024));

  expect(resolveSecretFiles({ SOME_KEY_FILE: path })["SOME_KEY"]).toBeUndefined();
});
