import { resolve } from "node:path";
import { isDirectory, programPath, type Surroundings } from "./program-path.ts";
import { scriptProblem } from "./script-problem.ts";
import { isDynamic, simpleCommands } from "./shell-words.ts";

/** What a shell does by itself, or what has no program of its own to look for. */
const BUILTINS = new Set(
  ". : [ case do done echo elif else esac eval exit export false fi for if read return set shift source test then time trap true ulimit umask unset until wait while { } !".split(
    " ",
  ),
);

/** Words before a command that start what follows them. */
const PREFIXES = new Set(["command", "exec", "nohup"]);

/**
 * Why a command could not run here, in words; undefined when nothing speaks against it.
 *
 * It looks at programs, scripts and their imports, and runs nothing of the app's: what a run would
 * do to data must not happen in a build.
 */
export function commandProblem(command: string, surroundings: Surroundings): string | undefined {
  let { directory } = surroundings;
  for (const words of simpleCommands(command)) {
    const [program, ...args] = PREFIXES.has(words[0] ?? "") ? words.slice(1) : words;
    if (program === undefined || BUILTINS.has(program) || isDynamic(program)) continue;
    if (program === "cd") {
      directory = resolve(directory, args[0] ?? ".");
      if (!isDirectory(directory)) return `there is no directory "${args[0] ?? "."}"`;
      continue;
    }
    const here = { ...surroundings, directory };
    const path = programPath(program, here);
    if (path === undefined) return `there is no program "${program}"`;
    const problem = scriptProblem({ path, args }, here);
    if (problem !== undefined) return problem;
  }
  return undefined;
}
