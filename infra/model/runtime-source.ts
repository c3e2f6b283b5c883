import type { JobSpec } from "../spec/job.ts";
import type { PartialStackSpec, StackSpec } from "../spec/stack.ts";
import type { ServiceJobs } from "./service-jobs.ts";

/** Directory of the unpacked runtime in a native service, relative to the app's directory. */
export const RUNTIME_DIR = ".opspec";

/** Directory of the runtime in its own image. */
export const RUNTIME_IMAGE_DIR = "/opt/opspec";

/** Characters that a shell treats specially: a command with one is more than a list of words. */
const SHELL_SYNTAX = /[$&|;<>()`"'\\*?~#!{}[\]\n]/;

type RuntimeSource = StackSpec["runtimeSource"];

/** A job that an image must be able to run, with the command of an app's job. */
export interface ProbedJob {
  readonly name: string;
  readonly command?: string | undefined;
}

/**
 * The build command, followed by commands that fetch, verify and unpack the runtime and probe the
 * jobs.
 */
export function wrapBuild(
  build: string | undefined,
  source: RuntimeSource,
  probed: readonly ProbedJob[] = [],
): string {
  const probes = probed.length > 0 ? [probe(RUNTIME_DIR, probed)] : [];
  return [build?.trim(), ...fetchCommands(source), ...probes].filter(Boolean).join(" && ");
}

/** The pre-deploy command of an image with the runtime; it probes the jobs' commands first. */
export function imageProbe(
  probed: readonly ProbedJob[],
  preDeploy: string | undefined,
): string | undefined {
  if (probed.length === 0) return preDeploy;
  const first = probe(RUNTIME_IMAGE_DIR, probed);
  return preDeploy === undefined ? first : `sh -c ${quote(`${first} && ${preDeploy.trim()}`)}`;
}

/** The jobs that a service's image must be able to run: its own and those of cron jobs like it. */
export function probedJobs({
  jobs,
  like,
}: Pick<ServiceJobs, "jobs" | "like">): readonly ProbedJob[] {
  const own = jobs
    .filter((it) => it.startedBy !== "app")
    .map(({ name, job }) => probedJob(name, job));
  const others = like.map(([name, job]) => probedJob(name, job));
  return [...own, ...others].toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** The command is an argument, because a build may not see the manifest. */
export function probedJob(name: string, { command, options }: JobSpec): ProbedJob {
  const own = command ?? options?.["command"];
  return typeof own === "string" ? { name, command: own } : { name };
}

/** Fails with the job's name when its command is missing, so that it is not deployed. */
function probe(dir: string, probed: readonly ProbedJob[]): string {
  const words = probed.flatMap(({ name, command }) =>
    command === undefined ? [name] : ["--command", quote(`${name}=${command}`)],
  );
  return [`${dir}/opspec-runtime probe`, ...words].join(" ");
}

/**
 * The start command under the runtime.
 *
 * Render runs it in a shell, which would expand `$PORT` to the public port. The runtime gives the
 * app another port, so a command with shell syntax is quoted and expanded by the app's shell.
 */
export function wrapStart(start: string): string {
  return supervise(RUNTIME_DIR, start);
}

/** The same for an image that carries the runtime. */
export function wrapImageStart(start: string): string {
  return supervise(RUNTIME_IMAGE_DIR, start);
}

/** Whether the build of a native service can install the runtime. */
export function hasNativeRuntime(source: PartialStackSpec["runtimeSource"]): boolean {
  return source?.archive !== undefined || source?.path !== undefined;
}

function supervise(dir: string, start: string): string {
  const command = start.trim();
  const argv = SHELL_SYNTAX.test(command) ? `sh -c ${quote(command)}` : command;
  return `${dir}/opspec-runtime supervise -- ${argv}`;
}

function fetchCommands(source: RuntimeSource): string[] {
  const archive = `${RUNTIME_DIR}/runtime.tar.gz`;
  if (source?.archive) {
    const { url, sha256 } = source.archive;
    return [
      `mkdir -p ${RUNTIME_DIR}`,
      `curl -fsSL --retry 3 --max-time 120 -o ${archive} ${quote(url)}`,
      `echo "${sha256}  ${archive}" | sha256sum -c -`,
      `tar -xzf ${archive} -C ${RUNTIME_DIR}`,
      `rm ${archive}`,
    ];
  }
  if (source?.path === undefined) return [];
  return [`mkdir -p ${RUNTIME_DIR}`, `cp -R ${quote(source.path)}/. ${RUNTIME_DIR}/`];
}

/** Quotes a text as one shell word. */
function quote(text: string): string {
  if (/^[\w@%+=:,./-]+$/.test(text)) return text;
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
