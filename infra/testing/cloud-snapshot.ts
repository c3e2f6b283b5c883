import type { CloudState } from "../local-cloud/state.ts";

/** Members that differ between two identical runs. */
const RUN_BOUND: ReadonlySet<string> = new Set([
  "id",
  "createdAt",
  "updatedAt",
  "readyMs",
  "resizedMs",
  "password",
]);

const ID = /\b(srv|crn|dsk|evg|evm|prj|dpg|red|rgc|hdr|rdr|cdm|dep)-[0-9a-v]{20}(-[a-z])?/g;

/** The distinct Render ids in a text. */
export function idsWithin(text: string): string[] {
  return [...new Set(text.match(ID))];
}

/** The cloud's state without members that differ between two identical runs. The order of a table is not significant. */
export function snapshotOf(state: CloudState): Record<string, unknown[]> {
  const { services, disks, customDomains, envGroups, postgres, keyValues } = state;
  const { projects, environments, registryCredentials } = state;
  const tables = {
    services,
    disks,
    customDomains,
    envGroups,
    postgres,
    keyValues,
    projects,
    environments,
    registryCredentials,
  };
  const nameOf = namesOf(state);
  return Object.fromEntries(
    Object.entries(tables).map(([table, rows]) => [
      table,
      Object.values(rows)
        .map((row) => plain(row, nameOf))
        .toSorted(byText),
    ]),
  );
}

/** Names instead of ids, so that a wrong link is visible. */
function namesOf(state: CloudState): (id: string) => string {
  const tables = [state.services, state.envGroups, state.environments, state.projects];
  const names = new Map(
    tables.flatMap((table) => Object.values(table).map(({ id, name }) => [id, name] as const)),
  );
  return (id) => `<${id.slice(0, 3)} ${names.get(id) ?? ""}>`;
}

function plain(row: unknown, nameOf: (id: string) => string): unknown {
  const named: unknown = JSON.parse(JSON.stringify(row).replaceAll(ID, nameOf));
  return JSON.parse(JSON.stringify(named, withoutRun));
}

function withoutRun(key: string, value: unknown): unknown {
  if (RUN_BOUND.has(key)) return undefined;
  if (key === "databaseName") return String(value).replace(/_[a-z0-9]{4}$/, "");
  if (!Array.isArray(value) || key === "routes") return value;
  return value
    .map((it: unknown) => JSON.parse(JSON.stringify(it, withoutRun)) as unknown)
    .toSorted(byText);
}

function byText(a: unknown, b: unknown): number {
  const [left, right] = [JSON.stringify(a), JSON.stringify(b)];
  return left < right ? -1 : left > right ? 1 : 0;
}
