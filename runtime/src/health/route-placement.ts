import { ConfigurationError } from "../contract/configuration-error.ts";
import type { Route } from "./preset.ts";

/** Routes at the paths that the manifest gives them. Throws when it names none, or one path twice. */
export function placeRoutes(
  routes: readonly Route[],
  paths: Readonly<Record<string, string>>,
): Route[] {
  const placed = routes.map((it) => ({ ...it, path: paths[it.name] ?? it.path }));
  const names = routes.map((it) => it.name);
  const unknown = Object.keys(paths).filter((name) => !names.includes(name));
  const twice = placed.filter((it, at) => placed.findIndex(({ path }) => path === it.path) < at);
  const problems = [
    ...unknown.map((name) => ({
      where: `health/paths/${name}`,
      message: "there is no such answer.",
      remedy: `There are: ${names.join(", ")}.`,
    })),
    ...twice.map(({ name, path }) => ({
      where: `health/paths/${name}`,
      message: `${path} is another answer's path.`,
      remedy: "Give each answer a path of its own.",
    })),
  ];
  if (problems.length > 0) throw new ConfigurationError(problems);
  return placed;
}
