import type { RecordStore } from "../src/contract/run-record.ts";
import { MEMORY, openSqlite } from "../src/databases/sqlite-database.ts";
import { openRecords } from "../src/state/records.ts";

/** Run records in memory. */
export function memoryRecords(): RecordStore {
  return openRecords(openSqlite(MEMORY), { namespace: "", keepRecords: 100 });
}
