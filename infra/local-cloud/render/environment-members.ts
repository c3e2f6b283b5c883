import { badRequest, notFound } from "../api-error.ts";
import type { Cloud } from "../cloud.ts";
import type { Table } from "../state.ts";
import { rowIfAny } from "./requests.ts";

/** Anything that may live in an environment. */
interface Member {
  readonly id: string;
  environmentId?: string;
}

/** The members of an environment by kind; a kind without members is `null`, as Render answers it. */
export function memberIds(cloud: Cloud, environmentId: string) {
  const { services, postgres, keyValues, envGroups } = cloud.state;
  const idsIn = (table: Table<Member>) => {
    const members = Object.values(table).filter((it) => it.environmentId === environmentId);
    return members.length > 0 ? members.map(({ id }) => id) : null;
  };
  return {
    // Render's own spelling.
    databasesIds: replicasToo(cloud, idsIn(postgres)),
    redisIds: idsIn(keyValues),
    serviceIds: idsIn(services),
    envGroupIds: idsIn(envGroups),
  };
}

/** The resource with that id, of whichever kind, or 404. */
export function memberById(cloud: Cloud, id: string): Member {
  const { services, postgres, keyValues, envGroups } = cloud.state;
  const tables: Table<Member>[] = [services, postgres, keyValues, envGroups];
  const member = tables.map((it) => rowIfAny(it, id)).find((it) => it !== undefined);
  if (!member) throw notFound(id);

  return member;
}

/** Refuses an environment that is not there. */
export function ensureEnvironmentExists(cloud: Cloud, id: string | undefined): void {
  if (id !== undefined && !rowIfAny(cloud.state.environments, id)) {
    throw badRequest(`environment not found: ${id}`);
  }
}

/** Replicas live where their primary lives. */
function replicasToo(cloud: Cloud, ids: string[] | null): string[] | null {
  const withReplicas = ids?.flatMap((id) => [
    id,
    ...(cloud.state.postgres[id]?.readReplicas.map((it) => it.id) ?? []),
  ]);
  return withReplicas ?? null;
}
