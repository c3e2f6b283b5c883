import type { RecordStore } from "../../contract/run-record.ts";
import { RunJournal } from "./run-journal.ts";

/** Run records of a process without a store: they end with it. */
export function openMemoryRecords(keepRecords: number): RecordStore {
  const journal = new RunJournal();
  return {
    begin: async (run) => void journal.add({ event: "begin", run }),
    finish: async (run) => {
      const isAccepted = journal.add({ event: "end", run });
      journal.prune(keepRecords);
      return isAccepted;
    },
    list: async (query) => journal.list(query),
    unfinished: async () => journal.unfinished(),
    close: async () => {},
  };
}
