import type { PartialStackSpec, StackSpec } from "../spec/stack.ts";

/** Where the runtime is unpacked in a native service, relative to the app's directory. */
export const RUNTIME_DIR = ".opspec";

/** Where the runtime's own image has it. */
export const RUNTIME_IMAGE_DIR = "/opt/opspec";

/** Characters that a shell treats specially: a command with one is more than a list of words. */
const SHELL_SYNTAX = /[$&|;<>()`"'\\*?~#!{}[\]\n]/;

type RuntimeSource = StackSpec["runtimeSource"];

/** The build command with the runtime fetched, checked and unpacked after it. */
export function wrapBuild(build: string | undefined, source: RuntimeSource): string {
  return [build?.trim(), ...fetchCommands(source)].filter(Boolean).join(" && ");
}

/**
 * The start command under the runtime.
 *
 * Render runs it in a shell, which would expand `$PORT` before the runtime can stand in front of
 * the app on that port; so a command with shell syntax is quoted and expanded by the app's own shell.
 */
export function wrapStart(start: string): string {
  return supervise(RUNTIME_DIR, start);
}

/** The same for an image that carries the runtime. */
export function wrapImageStart(start: string): string {
  return supervise(RUNTIME_IMAGE_DIR, start);
}

/** Whether a native service can get the runtime into its build. */
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

/** One shell word that means the text itself. */
function quote(text: string): string {
  if (/^[\w@%+=:,./-]+$/.test(text)) return text;
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
