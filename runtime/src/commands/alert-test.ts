import { userInfo } from "node:os";
import { parseArgs } from "node:util";
import { openAlerts } from "../alerts/alerts.ts";
import { namedVariables } from "../contract/env.ts";
import { EXIT } from "../contract/exit-code.ts";
import { loadManifest } from "../contract/load-manifest.ts";
import { resolveSecretFiles } from "../contract/secret-file.ts";
import { createLogger } from "../log.ts";
import { SYSTEM_CLOCK } from "../run/clock.ts";
import { openState } from "../state/state-store.ts";
import { readArguments, type RuntimeCommand } from "./command.ts";

/** Longest time in which a person waits for the alerts that a channel held. */
const HELD_MS = 20_000;

/** Sends a test message through every channel, regardless of silences and rate limits. */
export const alertTest: RuntimeCommand = {
  name: "alert-test",
  usage: "[--by <who>]",
  summary:
    "sends a test message through every channel, and the alerts that a channel held; prints each result as a line of JSON; exits with 1 when one failed, 78 when none is configured",
  async run(args, env) {
    const { values } = readArguments(alertTest, () =>
      parseArgs({ args: [...args], options: { by: { type: "string" } } }),
    );
    const manifest = loadManifest(env);
    const resolved = resolveSecretFiles(env, new Set(namedVariables(manifest).keys()));
    const log = createLogger({
      manifest,
      env: resolved,
      name: "alert-test",
      // Standard output has the results only.
      write: (line) => void process.stderr.write(line),
    });
    const base = { env: resolved, directory: process.cwd(), log };
    const { stores: _, ...withoutStores } = manifest;
    const { database, close } = await openState(manifest, base).catch((error: unknown) => {
      log.error({ err: error }, "held alerts are not sent: the state store cannot be opened");
      return openState(withoutStores, base);
    });
    const alerts = openAlerts({
      ...base,
      manifest,
      alerts: manifest.alerts,
      database,
      clock: SYSTEM_CLOCK,
    });
    const channels = await alerts.test(values.by ?? userInfo().username);
    for (const channel of channels) process.stdout.write(`${JSON.stringify(channel)}\n`);
    await alerts.close(HELD_MS);
    await close();
    if (channels.some((it) => it.result === "error")) return EXIT.failed;
    return channels.some((it) => it.result === "sent") ? EXIT.ok : EXIT.configuration;
  },
};
