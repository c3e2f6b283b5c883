import { userInfo } from "node:os";
import { parseArgs } from "node:util";
import { openAlerts } from "../alerts/alerts.ts";
import { EXIT } from "../contract/exit-code.ts";
import { MEMORY, openSqlite } from "../databases/sqlite-database.ts";
import { createLogger } from "../log.ts";
import { SYSTEM_CLOCK } from "../run/clock.ts";
import { namedVariables } from "../contract/env.ts";
import { loadManifest } from "../contract/load-manifest.ts";
import { resolveSecretFiles } from "../contract/secret-file.ts";
import { readArguments, type RuntimeCommand } from "./command.ts";

/** Sends a test message through every channel, regardless of silences and rate limits. */
export const alertTest: RuntimeCommand = {
  name: "alert-test",
  usage: "[--by <who>]",
  summary:
    "sends a test message through every channel and prints each result as a line of JSON; exits with 1 when one failed, 78 when none is configured",
  async run(args, env) {
    const { values } = readArguments(alertTest, () =>
      parseArgs({ args: [...args], options: { by: { type: "string" } } }),
    );
    const manifest = loadManifest(env);
    const resolved = resolveSecretFiles(env, new Set(namedVariables(manifest).keys()));
    const alerts = openAlerts({
      manifest,
      alerts: manifest.alerts,
      env: resolved,
      // A test needs no state.
      database: openSqlite(MEMORY),
      directory: process.cwd(),
      log: createLogger({ manifest, env: resolved, name: "alert-test" }),
      clock: SYSTEM_CLOCK,
    });
    const channels = await alerts.test(values.by ?? userInfo().username);
    for (const channel of channels) process.stdout.write(`${JSON.stringify(channel)}\n`);
    if (channels.some((it) => it.result === "error")) return EXIT.failed;
    return channels.some((it) => it.result === "sent") ? EXIT.ok : EXIT.configuration;
  },
};
