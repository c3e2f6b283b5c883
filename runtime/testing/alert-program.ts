import { openAlerts } from "../src/alerts/alerts.ts";
import { ManifestAlerts } from "../src/contract/alert.ts";
import type { ManifestStores } from "../src/contract/store.ts";
import { createLogger } from "../src/log.ts";
import { openState } from "../src/state/state-store.ts";
import { NO_LOG } from "./no-log.ts";
import { FAILED } from "./scratch-event.ts";

/**
 * Sends one alert and exits like a cron job's run. A test kills it in between.
 *
 * Usage: alert-program.ts <directory>, with WEBHOOK_URL in the environment.
 */
const [directory = "."] = process.argv.slice(2);

const stores: ManifestStores = { records: { kind: "sqlite", path: "runs.db" } };
const state = await openState(
  { system: "shop", stack: "shop", stores },
  { env: process.env, directory, log: NO_LOG },
);
const alerts = openAlerts({
  manifest: { system: "shop", stack: "shop", process: "web", jobs: [], stores },
  database: state.database,
  alerts: ManifestAlerts.parse({
    channels: [{ name: "ops", kind: "webhook", urlEnv: "WEBHOOK_URL" }],
  }),
  env: process.env,
  directory,
  log: createLogger({ manifest: undefined, env: {}, name: "alert-program" }),
  clock: { now: () => new Date() },
});
await alerts.send(FAILED);
await alerts.close(5000);
await state.close();
