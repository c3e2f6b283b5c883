import type { OpsRoute } from "./route.ts";

/** Under which everything of ours is. */
export const OPS_PATH = "/ops";

/** Where our own routes are besides: no preset's path stands in their way. */
const API_PATH = "/ops/api";

/** A route that answers a path, with what stands in it. */
export interface RouteMatch {
  readonly route: OpsRoute;
  readonly params: Readonly<Record<string, string>>;
}

/** The routes of one process by their paths. */
export interface RouteTable {
  /** All routes of the path, by whatever method; those that are meant first. */
  find(path: string): readonly RouteMatch[];
}

/** Routes in the order of their right: of two for one path and method the first one answers. */
export function routeTable(groups: readonly (readonly OpsRoute[])[]): RouteTable {
  const routes = groups.flat().map((route) => ({ route, parts: partsOf(route.path) }));
  return {
    find: (path) => {
      const asked = withoutEnd(path).split("/").slice(1).map(decode);
      return routes.flatMap(({ route, parts }) => {
        const params = paramsOf(parts, asked);
        return params ? [{ route, params }] : [];
      });
    },
  };
}

/** The route at `/ops/api/…` too. */
export function alsoUnderApi(route: OpsRoute): readonly OpsRoute[] {
  const rest = route.path.slice(OPS_PATH.length);
  return rest === "" ? [route] : [route, { ...route, path: `${API_PATH}${rest}` }];
}

function partsOf(path: string): readonly string[] {
  return path.split("/").slice(1);
}

function paramsOf(
  parts: readonly string[],
  asked: readonly (string | undefined)[],
): Readonly<Record<string, string>> | undefined {
  const params: Record<string, string> = {};
  for (const [at, part] of parts.entries()) {
    if (part.startsWith("*")) {
      const rest = asked.slice(at);
      if (rest.length === 0 || !rest.every(isText)) return undefined;
      return { ...params, [part.slice(1)]: rest.join("/") };
    }
    const text = asked[at];
    if (text === undefined || text === "") return undefined;
    if (part.startsWith(":")) params[part.slice(1)] = text;
    else if (part !== text) return undefined;
  }
  return asked.length === parts.length ? params : undefined;
}

function isText(part: string | undefined): part is string {
  return part !== undefined;
}

/** People type a slash at the end, and it means nothing. */
function withoutEnd(path: string): string {
  return path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path;
}

/** Undefined for what is no encoding of anything. */
function decode(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}
