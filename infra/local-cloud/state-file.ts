import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

import { type CloudState, emptyState, STATE_VERSION } from "./state.ts";
import { LocalCloudStartError } from "./start-error.ts";

/** Only the owner reads it: it holds the values of environment variables. */
const FILE_MODE = 0o600;

/** The state in the file, or an empty one when there is no file yet. */
export function loadState(file: string): CloudState {
  if (!existsSync(file)) return emptyState();

  const state = parsedState(file);
  if (state.version !== STATE_VERSION) {
    throw new LocalCloudStartError(
      `${file}: this is not a state of the local cloud in version ${STATE_VERSION}, got version ${state.version ?? "none"}. ` +
        "Delete the file to begin with an empty cloud, or name another file.",
    );
  }
  // Tables that came after the file was written begin empty.
  return { ...emptyState(), ...state, version: STATE_VERSION };
}

/** Writes the state so that a reader, or a crash, sees the old file or the new one and nothing between. */
export function saveState(file: string, state: CloudState): void {
  const temporary = `${file}.${process.pid}.tmp`;

  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(temporary, `${JSON.stringify(state)}\n`, { mode: FILE_MODE });
  renameSync(temporary, file);
}

/** What a file may hold before its version is known. */
type UncheckedState = Partial<Omit<CloudState, "version">> & { version?: number };

function parsedState(file: string): UncheckedState {
  try {
    const value: unknown = JSON.parse(readFileSync(file, "utf8"));
    return typeof value === "object" && value !== null ? value : {};
  } catch (cause) {
    throw new LocalCloudStartError(
      `${file}: the state of the local cloud cannot be read. Delete the file to begin with an empty cloud, or name another file.`,
      { cause },
    );
  }
}
