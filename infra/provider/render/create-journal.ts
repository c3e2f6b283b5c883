import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { hasCode } from "../../errors.ts";

/**
 * The creates that this machine has begun: by URN, when.
 *
 * Services and env groups carry a marker of ours. Databases, stores, projects, environments and
 * registry credentials cannot, so the proof that one was made by a create of ours whose answer was
 * lost, or by a process that was killed, is this: it has the name, the workspace and every field
 * that only a create decides, it was made after we began, and nothing of that name was there when
 * we began. Kept on disk, because a killed process takes its memory with it; on another machine
 * there is no proof, and the error says how to go on.
 *
 * @see LOST_CREATES in lost-creates.ts for every kind's proof
 */
export interface CreateJournal {
  /** When a create of this URN was begun and has not been ended; `undefined` when none was. */
  begunAt(urn: string): Date | undefined;
  begin(urn: string, at: Date): void;
  /** The resource is gone: what is made under its name from now on is not of that create. */
  end(urn: string): void;
}

/** After a day nobody runs the same `up` again: what was made since then may be anybody's. */
const AGE_MAX_MS = 24 * 60 * 60_000;

/** CreateJournal in a directory, one file each; `cloud` keeps those at one cloud apart from another's. */
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
        // Where nothing can be written there is no proof later; the create itself is as good.
      }
    },
    end: (urn) => rmSync(fileOf(urn), { force: true }),
  };
}

/** CreateJournal that this process alone knows. */
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

/** How a create whose answer was lost, or whose process was killed, is known again. */
interface LostCreate {
  /** Names of resource types. */
  readonly types: readonly string[];
  /** Why what is found at Render is what that create made. */
  readonly proof: string;
}

/** The proof for every type; the reference prints it. Without one, nothing that is there is touched. */
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
      "Its variable `OPSPEC_RESOURCE` says the project, the stack and a hash of the URN. It is part of the create itself, so any machine finds it.",
  },
  {
    types: ["Postgres", "KeyValue", "Project", "RegistryCredential"],
    proof:
      "It can carry no mark. Before the create, this machine notes when it begins (in `$XDG_STATE_HOME/opspec/creates`, for a day). Ours is what has the name, the workspace and every field that only a create decides, and was made after that: nothing of that name was there before. On another machine there is no proof.",
  },
  {
    types: ["Environment"],
    proof:
      "In a project that this stack makes, the one of its name that holds nothing: Render makes a project with its first environment. In another stack's project, the same note of this machine.",
  },
  {
    types: ["ServiceEnv"],
    proof:
      "None is needed: it has no id of its own, and setting its variables again changes nothing.",
  },
];
