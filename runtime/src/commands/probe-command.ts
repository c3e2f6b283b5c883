import { spawnSync } from "node:child_process";
import { accessSync, constants, readFileSync, statSync } from "node:fs";
import { basename, delimiter, join, resolve } from "node:path";
import type { Env } from "../contract/env.ts";
import { isDynamic, simpleCommands } from "./shell-words.ts";

/** Built-in commands and keywords of a shell, which have no program. */
const BUILTINS = new Set(
  ". : [ case do done echo elif else esac eval exit export false fi for if read return set shift source test then time trap true ulimit umask unset until wait while { } !".split(
    " ",
  ),
);

/** Words that start the command after them. */
const PREFIXES = new Set(["command", "exec", "nohup"]);

/**
 * Why a command cannot run here; undefined when no problem is found.
 *
 * Checks programs, scripts and their imports, and runs no code of the app: a build must not change
 * data.
 */
export function commandProblem(command: string, environment: ProbeEnvironment): string | undefined {
  let { directory } = environment;
  for (const words of simpleCommands(command)) {
    const [program, ...args] = PREFIXES.has(words[0] ?? "") ? words.slice(1) : words;
    if (program === undefined || BUILTINS.has(program) || isDynamic(program)) continue;
    if (program === "cd") {
      directory = resolve(directory, args[0] ?? ".");
      if (!isDirectory(directory)) return `there is no directory "${args[0] ?? "."}"`;
      continue;
    }
    const here = { ...environment, directory };
    const path = programPath(program, here);
    if (path === undefined) return `there is no program "${program}"`;
    const problem = scriptProblem({ path, args }, here);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** A program that exists, and its arguments. */
interface Invocation {
  readonly path: string;
  readonly args: readonly string[];
}

/** Timeout of an interpreter that checks a script, in ms. */
const ASK_TIMEOUT_MS = 60_000;

/** Prints the modules that a script imports and that are not installed, without running the script. */
const PYTHON_IMPORTS = `
import ast, importlib.util, os, sys
path = sys.argv[1]
sys.path[0] = os.path.dirname(os.path.abspath(path))
names = set()
for node in ast.parse(open(path, encoding="utf-8").read()).body:
    if isinstance(node, ast.Import):
        names |= {alias.name.split(".")[0] for alias in node.names}
    elif isinstance(node, ast.ImportFrom) and node.level == 0:
        names.add(node.module.split(".")[0])
missing = sorted(name for name in names if importlib.util.find_spec(name) is None)
print(", ".join(missing))
sys.exit(1 if missing else 0)
`;

/** Exits with 0 when the module is installed. */
const PYTHON_MODULE = `
import importlib.util, sys
sys.exit(0 if importlib.util.find_spec(sys.argv[1]) else 1)
`;

/** Interpreters whose first argument is a file. */
const FILE_INTERPRETERS = ["node", "sh", "bash", "dash", "ruby", "perl"];

/** What the script of a program lacks; undefined when no problem is found. */
function scriptProblem(
  { path, args }: Invocation,
  environment: ProbeEnvironment,
): string | undefined {
  const name = basename(path);
  if (args.some(isDynamic)) return undefined;
  if (/^python[\d.]*$/.test(name)) return pythonProblem({ path, args }, environment);
  if (FILE_INTERPRETERS.includes(name)) return fileProblem(args, environment);
  if (["npm", "pnpm", "yarn"].includes(name)) return packageProblem(name, args, environment);
  if (name === "make") return makeProblem({ path, args }, environment);
  return undefined;
}

function pythonProblem(
  { path, args }: Invocation,
  environment: ProbeEnvironment,
): string | undefined {
  const [first = "", second] = args;
  if (first === "-m" && second !== undefined) {
    const isThere = ask(path, ["-c", PYTHON_MODULE, second], environment).status === 0;
    return isThere ? undefined : `python finds no module "${second}"`;
  }
  const missing = fileProblem(args, environment);
  if (missing !== undefined || first.startsWith("-") || first === "") return missing;
  const { status, stdout } = ask(path, ["-c", PYTHON_IMPORTS, first], environment);
  if (status === 0) return undefined;
  const modules = stdout.trim();
  return modules === ""
    ? `python cannot read "${first}"`
    : `"${first}" imports what is not there: ${modules}`;
}

/** With an option first, the position of the file is not known. */
function fileProblem(
  [first = "-"]: readonly string[],
  { directory }: ProbeEnvironment,
): string | undefined {
  if (first.startsWith("-") || isFile(resolve(directory, first))) return undefined;
  return `there is no file "${first}"`;
}

/** `run x` names a script of package.json; so does a name with a colon for pnpm and yarn. */
function packageProblem(
  manager: string,
  [first = "", second = ""]: readonly string[],
  { directory }: ProbeEnvironment,
): string | undefined {
  const isRun = first === "run" || first === "run-script";
  const script = isRun ? second : manager !== "npm" && first.includes(":") ? first : "";
  if (script === "" || script.startsWith("-")) return undefined;
  const file = resolve(directory, "package.json");
  if (!isFile(file)) return `there is no package.json for "${script}"`;
  return Object.hasOwn(scriptsOf(file), script)
    ? undefined
    : `package.json has no script "${script}"`;
}

function scriptsOf(file: string): object {
  try {
    const value: unknown = JSON.parse(readFileSync(file, "utf8"));
    const scripts =
      typeof value === "object" && value !== null && "scripts" in value ? value.scripts : undefined;
    return typeof scripts === "object" && scripts !== null ? scripts : {};
  } catch {
    return {};
  }
}

/** A dry run fails when the target does not exist, and builds nothing. */
function makeProblem(
  { path, args }: Invocation,
  environment: ProbeEnvironment,
): string | undefined {
  const isThere = ask(path, ["--dry-run", ...args], environment).status === 0;
  return isThere ? undefined : `make cannot make "${args.join(" ")}"`;
}

function ask(
  path: string,
  args: readonly string[],
  { directory, env }: ProbeEnvironment,
): { status: number | null; stdout: string } {
  return spawnSync(path, args, {
    cwd: directory,
    env: { ...env },
    encoding: "utf8",
    timeout: ASK_TIMEOUT_MS,
    stdio: ["ignore", "pipe", "ignore"],
  });
}

/** Where commands are searched. */
interface ProbeEnvironment {
  readonly directory: string;
  readonly env: Env;
}

/** The executable file that a shell starts for a word. */
function programPath(program: string, { directory, env }: ProbeEnvironment): string | undefined {
  if (program.includes("/")) {
    const path = resolve(directory, program);
    return isProgram(path) ? path : undefined;
  }
  const folders = (env["PATH"] ?? "").split(delimiter).filter(Boolean);
  return folders.map((folder) => join(folder, program)).find(isProgram);
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function isProgram(path: string): boolean {
  if (!isFile(path)) return false;
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
