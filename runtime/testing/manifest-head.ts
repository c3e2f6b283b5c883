import { MANIFEST_VERSION, type RuntimeManifest } from "../src/contract/manifest.ts";
import { RUNTIME_VERSION } from "../src/version.ts";

/** What every manifest has, for tests that do not care about it. */
export const MANIFEST_HEAD = {
  version: MANIFEST_VERSION,
  runtime: RUNTIME_VERSION,
  system: "shop",
  stack: "shop",
  environment: "production",
  process: "web",
  timezone: "UTC",
} as const satisfies Partial<RuntimeManifest>;
