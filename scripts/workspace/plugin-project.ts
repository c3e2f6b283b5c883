import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CHECKOUT } from "./paths.ts";

/** Name of the Pulumi project, as in Pulumi.yaml: part of every URN. */
export const PROJECT = "opspec";

/**
 * Writes a project that has our plugins, by absolute path, and nothing else of the real one.
 *
 * An inline program runs in it with a backend, a home and a configuration of its own.
 */
export function writePluginProject(directory: string): void {
  for (const part of ["state", "home"]) mkdirSync(join(directory, part), { recursive: true });
  const bin = join(CHECKOUT, "infra", "provider", "bin");
  const providers = ["render", "opspec"].map((name) => ({ name, path: bin }));
  const project = { name: PROJECT, runtime: "nodejs", plugins: { providers } };
  // JSON is YAML, and needs no care for quoting paths.
  writeFileSync(join(directory, "Pulumi.yaml"), JSON.stringify(project, null, 2));
}

/** The engine's environment for such a project: it asks nobody anything. */
export function apartEnvironment(directory: string, passphrase: string): Record<string, string> {
  return {
    PULUMI_BACKEND_URL: backendOf(directory),
    // Where the plugins keep what they began, instead of the user's own directory.
    XDG_STATE_HOME: join(directory, "plugins"),
    PULUMI_CONFIG_PASSPHRASE: passphrase,
    PULUMI_CONFIG_PASSPHRASE_FILE: "",
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
  };
}

/** The file backend of such a project. */
export function backendOf(directory: string): string {
  return `file://${join(directory, "state")}`;
}
