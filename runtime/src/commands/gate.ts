import { EXIT } from "../contract/exit-code.ts";
import { createLogger } from "../log.ts";
import { resolveSecretFiles } from "../contract/secret-file.ts";
import { namedVariables } from "../contract/env.ts";
import { loadManifest } from "../contract/load-manifest.ts";
import { passGates } from "../supervise/gates.ts";
import { StartRefused } from "../supervise/start-refused.ts";
import { type RuntimeCommand, UsageError, usageLine, stopOnSignals } from "./command.ts";

/** Waits for the gates of the app, for an entry point that starts the app itself. */
export const gate: RuntimeCommand = {
  name: "gate",
  usage: "",
  summary:
    "waits until the gates of the app are open; exits with 0, 75 (one stays shut) or 78 (invalid configuration)",
  async run(args, env) {
    if (args.length > 0) throw new UsageError(usageLine(gate));
    const manifest = loadManifest(env);
    const log = createLogger({ manifest, env, name: "gate" });
    const resolved = resolveSecretFiles(env, new Set(namedVariables(manifest).keys()));
    const { signal } = stopOnSignals();
    try {
      await passGates(manifest.app?.gates ?? [], { env: resolved, log, signal });
      return EXIT.ok;
    } catch (error) {
      if (!(error instanceof StartRefused)) throw error;
      log.fatal({ problems: error.problems }, "a gate is closed");
      return error.exitCode;
    }
  },
};
