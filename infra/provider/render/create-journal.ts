import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { hasCode } from "../../errors.ts";

/**
 * The start times of the creates that this machine started, by URN.
 *
 * Services and env groups carry our marker. Databases, key values, projects, environments and
 * registry credentials cannot. For them the proof that our create made a resource, although its
 * answer was lost or its process was killed, is: it has the name, the workspace and every field
 * that only a create sets; it was created after our create started; and nothing with that name
 * existed then. The journal is on disk, because a killed process loses its memory. Another machine
 * has no proof, and the error names the ways on.
 *
 * @see LOST_CREATES in lost-creates.ts for every kind's proof
 */
export interface CreateJournal {
  /** When an unfinished create of this URN started; `undefined` when there is none. */
  begunAt(urn: string): Date | undefined;
  begin(urn: string, at: Date): void;
  /** Removes the entry, because a later resource with this name is not from that create. */
  end(urn: string): void;
}

/** Entries expire after a day; a resource that was created later may belong to somebody else. */
const AGE_MAX_MS = 24 * 60 * 60_000;

/** A create journal in a directory, one file per create, separate for each `cloud`. */
export function createJournalOnDisk(directory: string, cloud: string): CreateJournal {
  const fileOf = (urn: string): string => {
    const hash = createHash("sha256").update(`${cloud}\n${urn}`).digest("hex");
    return join(directory, hash);
  };
  return {
    begunAt: (urn) => {
      const text = readIfAny(fileOf(urn));
      const at = text === undefined ? Number.NaN : Date.parse(text);
      return Number.isNaN(at) || Date.now() - at > AGE_MAX_MS ? undefined : new Date(at);
    },
    begin: (urn, at) => {
      try {
        mkdirSync(directory, { recursive: true, mode: 0o700 });
        removeOld(directory);
        writeFileSync(fileOf(urn), at.toISOString(), { mode: 0o600 });
      } catch {
        // Without a writable directory there is no proof later; the create itself still works.
      }
    },
    end: (urn) => rmSync(fileOf(urn), { force: true }),
  };
}

/** A create journal in memory. */
export function createJournalInMemory(): CreateJournal {
  const begun = new Map<string, Date>();
  return {
    begunAt: (urn) => begun.get(urn),
    begin: (urn, at) => void begun.set(urn, at),
    end: (urn) => void begun.delete(urn),
  };
}

function readIfAny(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR")) return undefined;
    throw error;
  }
}

function removeOld(directory: string): void {
  for (const name of readdirSync(directory)) {
    const file = join(directory, name);
    const isOld =
      Date.now() - (statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0) > AGE_MAX_MS;
    if (isOld) rmSync(file, { force: true });
  }
}

/** How a resource of an unfinished create is recognised. */
interface LostCreate {
  /** Names of resource types. */
  readonly types: readonly string[];
  /** The proof that a resource at Render was made by that create. */
  readonly proof: string;
}

/**
 * The proof for every type; the reference prints it. Without proof, an existing resource is not
 * changed.
 */
export const LOST_CREATES: readonly LostCreate[] = [
  {
    types: [
      "WebService",
      "PrivateService",
      "BackgroundWorker",
      "CronJob",
      "StaticSite",
      "EnvGroup",
    ],
    proof:
      "Its variable `OPSPEC_RESOURCE` holds the project, the stack and a hash of the URN. The create itself sets it, so any machine recognises the resource.",
  },
  {
    types: ["Postgres", "KeyValue", "Project", "RegistryCredential"],
    proof:
      "It cannot carry a marker. Before the create, this machine notes the start time in `$XDG_STATE_HOME/opspec/creates`, for a day. The resource is ours if it has the name, the workspace and every field that only a create sets, was created after that time, and nothing with that name existed before. Another machine has no proof.",
  },
  {
    types: ["Environment"],
    proof:
      "In a project of this stack: the empty environment with its name, because Render creates a project with its first environment. In another stack's project: the same note of this machine.",
  },
  {
    types: ["ServiceEnv"],
    proof: "No proof is needed: it has no id, and setting its variables again changes nothing.",
  },
];
