import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The checkout that these scripts belong to; they work from any directory. */
export const CHECKOUT = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");

/** Everything of `--local`: ignored by git, deleted without loss. */
export const LOCAL = join(CHECKOUT, ".opspec", "local");

/** What the local cloud holds between runs. */
export const LOCAL_CLOUD_STATE = join(LOCAL, "cloud.json");

/** `NAME=value` lines: values of secrets for a stack with `--local`; the others get placeholders. */
export const LOCAL_SECRETS = join(LOCAL, "secrets.env");

/** Builds, disks and homes of what the local cloud runs. */
export const LOCAL_CLOUD_RUN = join(LOCAL, "run");

/** Where a running local cloud of this checkout says where it listens. */
export const LOCAL_CLOUD_ADDRESS = join(LOCAL, "cloud-address.json");
