import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CHECKOUT } from "./paths.ts";

/** Name of the Pulumi project, as in Pulumi.yaml: part of every URN. */
export const PROJECT = "opspec";

/**
 * Writes a Pulumi project that has only our plugins, by absolute path.
 *
 * An inline program runs in it with its own backend, home and configuration.
 */
export function writePluginProject(directory: string): void {
  for (const part of ["state", "home"]) mkdirSync(join(directory, part), { recursive: true });
  const bin = join(CHECKOUT, "infra", "provider", "bin");
  const providers = ["render", "opspec", "host"].map((name) => ({ name, path: bin }));
  const project = { name: PROJECT, runtime: "nodejs", plugins: { providers } };
  // JSON is valid YAML and needs no quoting of paths.
  writeFileSync(join(directory, "Pulumi.yaml"), JSON.stringify(project, null, 2));
}

/** The engine's environment for such a project, without prompts. */
export function apartEnvironment(directory: string, passphrase: string): Record<string, string> {
  return {
    PULUMI_BACKEND_URL: backendOf(directory),
    // The plugins' create journal, instead of the one in the user's directory.
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
