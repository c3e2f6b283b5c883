import { chmodSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The checkout of these scripts, which work from any directory. */
export const CHECKOUT = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");

/** All files of `--local`. Ignored by git; safe to delete. */
export const LOCAL = join(CHECKOUT, ".opspec", "local");

/** Makes the directory. Its states and disks hold generated tokens, so only its owner may read it. */
export function makePrivate(directory: string): void {
  mkdirSync(directory, { recursive: true, mode: OWNER_ONLY });
  for (const it of [dirname(directory), directory]) chmodSync(it, OWNER_ONLY);
}

const OWNER_ONLY = 0o700;

/** The local cloud's state file. */
export const LOCAL_CLOUD_STATE = join(LOCAL, "cloud.json");

/** `NAME=value` lines with secrets for stacks with `--local`; other secrets get placeholders. */
export const LOCAL_SECRETS = join(LOCAL, "secrets.env");

/** Builds, disks and home directories of the services that the local cloud runs. */
export const LOCAL_CLOUD_RUN = join(LOCAL, "run");

/** The file in which a running local cloud of this checkout writes its address. */
export const LOCAL_CLOUD_ADDRESS = join(LOCAL, "cloud-address.json");
