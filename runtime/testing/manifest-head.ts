import { MANIFEST_VERSION, type RuntimeManifest } from "../src/contract/manifest.ts";
import { RUNTIME_VERSION } from "../src/version.ts";

/** The required members of a manifest. */
export const MANIFEST_HEAD = {
  version: MANIFEST_VERSION,
  runtime: RUNTIME_VERSION,
  system: "shop",
  stack: "shop",
  environment: "production",
  process: "web",
  timezone: "UTC",
} as const satisfies Partial<RuntimeManifest>;
