import { MANIFEST_VERSION } from "../contract/manifest.ts";
import { EXIT } from "../contract/exit-code.ts";
import { RUNTIME_VERSION } from "../version.ts";
import type { RuntimeCommand } from "./command.ts";

/** Prints the versions of the runtime and of the manifests that it reads. */
export const version: RuntimeCommand = {
  name: "version",
  usage: "",
  summary: "prints the version of the runtime as one line of JSON",
  async run() {
    const about = {
      runtime: RUNTIME_VERSION,
      manifestVersion: MANIFEST_VERSION,
      node: process.versions.node,
      platform: `${process.platform}-${process.arch}`,
    };
    process.stdout.write(`${JSON.stringify(about)}\n`);
    return EXIT.ok;
  },
};
