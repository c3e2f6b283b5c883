import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

import { type CloudState, emptyState, STATE_VERSION } from "./state.ts";
import { LocalCloudStartError } from "./start-error.ts";

/** Readable only by the owner, because it contains values of environment variables. */
const FILE_MODE = 0o600;

/** Loads the state, or an empty one when the file does not exist. */
export function loadState(file: string): CloudState {
  if (!existsSync(file)) return emptyState();

  const state = parsedState(file);
  if (state.version !== STATE_VERSION) {
    throw new LocalCloudStartError(
      `${file}: not a local cloud's state of version ${STATE_VERSION}, got version ${state.version ?? "none"}. ` +
        "Delete the file to start with an empty cloud, or name another file.",
    );
  }
  // Tables that did not exist when the file was written start empty.
  return { ...emptyState(), ...state, version: STATE_VERSION };
}

/** Writes the state atomically. */
export function saveState(file: string, state: CloudState): void {
  const temporary = `${file}.${process.pid}.tmp`;

  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(temporary, `${JSON.stringify(state)}\n`, { mode: FILE_MODE });
  renameSync(temporary, file);
}

/** The content of a file before its version is checked. */
type UncheckedState = Partial<Omit<CloudState, "version">> & { version?: number };

function parsedState(file: string): UncheckedState {
  try {
    const value: unknown = JSON.parse(readFileSync(file, "utf8"));
    return typeof value === "object" && value !== null ? value : {};
  } catch (cause) {
    throw new LocalCloudStartError(
      `${file}: the state of the local cloud cannot be read. Delete the file to start with an empty cloud, or name another file.`,
      { cause },
    );
  }
}
