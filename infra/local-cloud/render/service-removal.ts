import type { Cloud } from "../cloud.ts";
import type { Table } from "../state.ts";

/** Deletes a service and everything that was its own; groups it was linked to forget it. */
export function deleteService(cloud: Cloud, id: string): void {
  const { services, disks, deploys, customDomains, cronRuns, jobs, events } = cloud.state;

  delete services[id];
  delete cloud.state.notificationOverrides[id];
  for (const table of [disks, deploys, customDomains, cronRuns, jobs, events]) {
    deleteOf(table, id);
  }
  for (const group of Object.values(cloud.state.envGroups)) {
    group.serviceIds = group.serviceIds.filter((it) => it !== id);
  }
}

function deleteOf(table: Table<{ readonly id: string; readonly serviceId: string }>, id: string) {
  for (const row of Object.values(table)) if (row.serviceId === id) delete table[row.id];
}
