import { execFile } from "node:child_process";
import { createDecipheriv, pbkdf2Sync, randomBytes } from "node:crypto";
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { makePrivate } from "./paths.ts";
import { apartEnvironment, PROJECT } from "./plugin-project.ts";

/** Earlier versions encrypted every local state with this passphrase, so anybody could decrypt it. */
const EARLIER_PASSPHRASE = "local";

/** Bytes of a random passphrase; more than the 256 bits of the key that is derived from it. */
const PASSPHRASE_BYTES = 33;

/**
 * The passphrase of the local states, made at random on first use.
 *
 * A local state holds generated tokens of services that run on this machine. Only its owner may read
 * it. States of earlier versions are encrypted again.
 *
 * @param directory `.opspec/local` of a checkout
 * @param engine path of the engine's executable
 */
export async function localPassphrase(directory: string, engine: string): Promise<string> {
  makePrivate(directory);
  const file = join(directory, "passphrase");
  if (existsSync(file)) return readFileSync(file, "utf8");
  // A run that was killed while it encrypted states again left this file.
  const next = `${file}.new`;
  if (!existsSync(next)) writeFileSync(next, newPassphrase(), { mode: OWNER_FILE });
  const passphrase = readFileSync(next, "utf8");
  for (const stack of earlierStacks(directory)) {
    await changePassphrase({ directory, engine, stack, passphrase });
    removeEarlierCopies(directory, stack);
  }
  renameSync(next, file);
  return passphrase;
}

const OWNER_FILE = 0o600;

function newPassphrase(): string {
  return randomBytes(PASSPHRASE_BYTES).toString("base64url");
}

const SETTINGS = /^Pulumi\.(.+)\.yaml$/;

/** The stacks that are encrypted with the earlier passphrase. */
function earlierStacks(directory: string): string[] {
  return readdirSync(directory).flatMap((name) => {
    const stack = SETTINGS.exec(name)?.[1];
    if (stack === undefined) return [];
    const settings: unknown = parse(readFileSync(join(directory, name), "utf8"));
    const salt =
      typeof settings === "object" && settings !== null && "encryptionsalt" in settings
        ? String(settings.encryptionsalt)
        : "";
    return isSaltOf(EARLIER_PASSPHRASE, salt) ? [stack] : [];
  });
}

/**
 * Whether the passphrase belongs to a stack's salt: `v1:<salt>:v1:<nonce>:<"pulumi", encrypted>`.
 *
 * @see https://github.com/pulumi/pulumi/blob/v3.259.0/sdk/go/common/resource/config/crypt.go
 */
function isSaltOf(passphrase: string, text: string): boolean {
  const [version, salt = "", , nonce = "", message = ""] = text.split(":");
  if (version !== "v1") return false;
  const key = pbkdf2Sync(passphrase, Buffer.from(salt, "base64"), ITERATIONS, KEY_BYTES, "sha256");
  const bytes = Buffer.from(message, "base64");
  const decipher = createDecipheriv("aes-256-gcm", key, Buffer.from(nonce, "base64"));
  decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
  try {
    return Buffer.concat([decipher.update(bytes.subarray(0, -TAG_BYTES)), decipher.final()]).equals(
      Buffer.from("pulumi"),
    );
  } catch {
    return false;
  }
}

const ITERATIONS = 1_000_000;
const KEY_BYTES = 32;
const TAG_BYTES = 16;

interface Change {
  readonly directory: string;
  readonly engine: string;
  readonly stack: string;
  readonly passphrase: string;
}

/** The engine reads the new passphrase from standard input. */
function changePassphrase({ directory, engine, stack, passphrase }: Change): Promise<void> {
  const args = ["stack", "change-secrets-provider", "passphrase", "--stack", stack];
  const env = {
    ...process.env,
    ...apartEnvironment(directory, EARLIER_PASSPHRASE),
    PULUMI_HOME: join(directory, "home"),
  };
  return new Promise((resolve, reject) => {
    const child = execFile(
      engine,
      [...args, "--non-interactive"],
      { cwd: directory, env },
      (error) => (error ? reject(error) : resolve()),
    );
    child.stdin?.end(passphrase);
  });
}

/** The engine's backup copies of the state, encrypted with the earlier passphrase. */
function removeEarlierCopies(directory: string, stack: string): void {
  const root = join(directory, "state", ".pulumi");
  const states = join(root, "stacks", PROJECT);
  for (const name of [`${stack}.json.bak`, `${stack}.json.bak.attrs`]) {
    rmSync(join(states, name), { force: true });
  }
  for (const part of ["backups", "history"]) {
    rmSync(join(root, part, PROJECT, stack), { recursive: true, force: true });
  }
}
