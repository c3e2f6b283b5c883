import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { basename, resolve } from "node:path";
import { isDynamic } from "./shell-words.ts";
import { isFile, type Surroundings } from "./program-path.ts";

/** A program that was found, and what it is given. */
export interface Invocation {
  readonly path: string;
  readonly args: readonly string[];
}

/** How long an interpreter may take to say what it finds: it runs nothing of the app's. */
const ASK_TIMEOUT_MS = 60_000;

/** Names the modules that a script imports at its top and that are not there. It runs nothing of it. */
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

/** Ends with 0 when a module can be found. */
const PYTHON_MODULE = `
import importlib.util, sys
sys.exit(0 if importlib.util.find_spec(sys.argv[1]) else 1)
`;

/** Interpreters whose first argument is a file. */
const FILE_INTERPRETERS = ["node", "sh", "bash", "dash", "ruby", "perl"];

/** What is missing of the script that a found program is to run; undefined when nothing is known to be. */
export function scriptProblem(
  { path, args }: Invocation,
  surroundings: Surroundings,
): string | undefined {
  const name = basename(path);
  if (args.some(isDynamic)) return undefined;
  if (/^python[\d.]*$/.test(name)) return pythonProblem({ path, args }, surroundings);
  if (FILE_INTERPRETERS.includes(name)) return fileProblem(args, surroundings);
  if (["npm", "pnpm", "yarn"].includes(name)) return packageProblem(name, args, surroundings);
  if (name === "make") return makeProblem({ path, args }, surroundings);
  return undefined;
}

function pythonProblem({ path, args }: Invocation, surroundings: Surroundings): string | undefined {
  const [first = "", second] = args;
  if (first === "-m" && second !== undefined) {
    const isThere = ask(path, ["-c", PYTHON_MODULE, second], surroundings).status === 0;
    return isThere ? undefined : `python finds no module "${second}"`;
  }
  const missing = fileProblem(args, surroundings);
  if (missing !== undefined || first.startsWith("-") || first === "") return missing;
  const { status, stdout } = ask(path, ["-c", PYTHON_IMPORTS, first], surroundings);
  if (status === 0) return undefined;
  const modules = stdout.trim();
  return modules === ""
    ? `python cannot read "${first}"`
    : `"${first}" imports what is not there: ${modules}`;
}

/** With an option first it is not known here which argument is a file. */
function fileProblem(
  [first = "-"]: readonly string[],
  { directory }: Surroundings,
): string | undefined {
  if (first.startsWith("-") || isFile(resolve(directory, first))) return undefined;
  return `there is no file "${first}"`;
}

/** `run x` names a script of package.json; so does a name with a colon, which is no command of theirs. */
function packageProblem(
  manager: string,
  [first = "", second = ""]: readonly string[],
  { directory }: Surroundings,
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

/** A dry run tells whether there is such a target, and builds nothing. */
function makeProblem({ path, args }: Invocation, surroundings: Surroundings): string | undefined {
  const isThere = ask(path, ["--dry-run", ...args], surroundings).status === 0;
  return isThere ? undefined : `make cannot make "${args.join(" ")}"`;
}

function ask(
  path: string,
  args: readonly string[],
  { directory, env }: Surroundings,
): { status: number | null; stdout: string } {
  return spawnSync(path, args, {
    cwd: directory,
    env: { ...env },
    encoding: "utf8",
    timeout: ASK_TIMEOUT_MS,
    stdio: ["ignore", "pipe", "ignore"],
  });
}
