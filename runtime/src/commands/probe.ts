import { existsSync } from "node:fs";
import { parseArgs } from "node:util";
import type { RuntimeManifest } from "../contract/manifest.ts";
import { EXIT } from "../contract/exit-code.ts";
import { commandProblem } from "./probe-command.ts";
import { ConfigurationError, type ConfigurationProblem } from "../contract/configuration-error.ts";
import { type Env, valueOf } from "../contract/env.ts";
import { loadManifest, MANIFEST_VARIABLE } from "../contract/load-manifest.ts";
import { readArguments, type RuntimeCommand, UsageError, usageLine } from "./command.ts";

/**
 * Checks that the commands of jobs exist in this image.
 *
 * A build or a pre-deploy step runs it: a missing command stops the deploy instead of failing the
 * job at night.
 */
export const probe: RuntimeCommand = {
  name: "probe",
  usage: "[<job>…] [--command <job>=<command>]…",
  summary:
    "checks that the commands of jobs exist, and runs none; exits with 78 when one is missing",
  async run(args, env) {
    const { names, commands } = requestOf(args);
    const manifest = manifestIfThere(env);
    const probed = [...commands, ...(manifest ? commandsOf(manifest, names) : [])];
    const problems = [
      ...(manifest ? unknownJobs(manifest, names) : []),
      ...probed.flatMap((it) => problemsOf(it, env)),
    ];
    if (problems.length > 0) throw new ConfigurationError(problems);
    process.stdout.write(`${renderProbe([...names, ...commands.map((it) => it.job)], manifest)}\n`);
    return EXIT.ok;
  },
};

interface JobCommand {
  readonly job: string;
  readonly command: string;
}

function requestOf(args: readonly string[]): { names: string[]; commands: JobCommand[] } {
  const { values, positionals } = readArguments(probe, () =>
    parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { command: { type: "string", multiple: true, default: [] } },
    }),
  );
  const commands = values.command.map((text): JobCommand => {
    const at = text.indexOf("=");
    if (at < 1) throw new UsageError(usageLine(probe));
    return { job: text.slice(0, at), command: text.slice(at + 1) };
  });
  if (positionals.length + commands.length === 0) throw new UsageError(usageLine(probe));
  return { names: positionals, commands };
}

/** A build may run without the manifest, which the platform mounts only at run time. */
function manifestIfThere(env: Env): RuntimeManifest | undefined {
  const path = valueOf(env, MANIFEST_VARIABLE);
  return path === undefined || !existsSync(path) ? undefined : loadManifest(env);
}

function commandsOf({ jobs }: RuntimeManifest, names: readonly string[]): JobCommand[] {
  return jobs.flatMap(({ name, command, options }) => {
    const text = command ?? options?.["command"];
    return names.includes(name) && typeof text === "string" ? [{ job: name, command: text }] : [];
  });
}

function unknownJobs(
  { jobs, process: name }: RuntimeManifest,
  names: readonly string[],
): ConfigurationProblem[] {
  const known = new Set(jobs.map((it) => it.name));
  return names
    .filter((it) => !known.has(it))
    .map((it) => ({
      where: `jobs/${it}`,
      message: `is not in the manifest of "${name}".`,
      remedy: "Deploy the stack again.",
    }));
}

function problemsOf({ job, command }: JobCommand, env: Env): ConfigurationProblem[] {
  const problem = commandProblem(command, { directory: process.cwd(), env });
  if (problem === undefined) return [];
  return [
    {
      where: `jobs/${job}/command`,
      message: `${problem} in this image.`,
      remedy: "Correct the command, or install what it needs in the build.",
    },
  ];
}

function renderProbe(jobs: readonly string[], manifest: RuntimeManifest | undefined): string {
  const found = `probe: ${jobs.join(", ")}: found.`;
  return manifest
    ? found
    : `${found} The manifest is not here, so only the given commands were checked.`;
}
