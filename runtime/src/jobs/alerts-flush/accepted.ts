import { resolve } from "node:path";
import * as z from "zod/mini";
import { EXIT } from "../../contract/exit-code.ts";
import { type JobContext, JobFailure } from "../definition.ts";
import { StoreError } from "../../databases/store-error.ts";
import { readStateFile, writeStateFile } from "./state-file.ts";

/** The fingerprint that each channel accepted last, by the channel's name. */
export type Accepted = Readonly<Record<string, string>>;

/** What is kept between runs. */
const Kept = z.object({ accepted: z.record(z.string(), z.string()) });

/** Where it is kept. */
export interface AcceptedPlace {
  read(): Promise<Accepted>;
  write(accepted: Accepted, at: Date): Promise<void>;
}

/** The file that the option names, or else what the stack's jobs remember. */
export async function acceptedPlace(
  context: JobContext,
  state: string | undefined,
): Promise<AcceptedPlace> {
  if (state !== undefined) {
    const path = resolve(context.directory, state);
    return placeOf(context, {
      read: () => readStateFile(path),
      write: (value) => writeStateFile(path, value),
    });
  }
  const memory = await context.memory?.();
  if (memory) {
    return placeOf(context, {
      read: () => memory.read(context.job),
      write: (value) => memory.write(context.job, value),
    });
  }
  const message = `jobs/${context.job}/options/state: there is no place for what was sent last. Name a file on a disk, or give the stack a store of records.`;
  throw new JobFailure(message, { exitCode: EXIT.configuration });
}

interface Place {
  read(): Promise<unknown>;
  write(value: unknown): Promise<void>;
}

/** What cannot be understood counts as nothing, with a warning: an alert too many is better than none. */
function placeOf({ log }: JobContext, place: Place): AcceptedPlace {
  return {
    read: async () => {
      const value = await place.read().catch(storeAway);
      const kept = Kept.safeParse(value);
      if (kept.success) return kept.data.accepted;
      if (value !== undefined) log.warn("what was sent last cannot be read, so all is sent again");
      return {};
    },
    write: async (accepted, at) => {
      await place.write({ accepted, at: at.toISOString() }).catch(storeAway);
    },
  };
}

/** A store that is away may be there at the next try. */
function storeAway(error: unknown): never {
  if (!(error instanceof StoreError)) throw error;
  throw new JobFailure(error.message, { exitCode: EXIT.temporary, cause: error });
}
