import { Directory } from "../../resources/host/directory.ts";
import { implement } from "../kit/plugin.ts";
import type { HostConnection } from "./connection.ts";
import { MISSING, runUnlessMissing } from "./missing.ts";

/** Arguments: path, owner, mode. */
const WRITE = `install -d -o "\${2%%:*}" -g "\${2##*:}" -m "$3" "$1"`;

/** Argument: path. */
const DESCRIBE = `
if [ ! -d "$1" ]; then exit ${MISSING}; fi
stat -c '0%a %U:%G' "$1"`;

/** Argument: path. A directory with content stays, because the content is not ours. */
const REMOVE = `[ ! -d "$1" ] || rmdir --ignore-fail-on-non-empty "$1"`;

/** A directory. */
export const directory = implement<typeof Directory, HostConnection>(Directory, {
  create: async ({ path, owner, mode }, { client, signal }) => {
    await client.run({ script: WRITE, args: [path, owner, mode], signal });
    return { id: path, outputs: {} };
  },
  read: async (path, { client, signal }) => {
    const described = await runUnlessMissing(client, { script: DESCRIBE, args: [path], signal });
    if (described === undefined) return undefined;
    const [mode = "", owner = ""] = described.trimEnd().split(" ");
    return { inputs: { path, owner, mode }, outputs: {} };
  },
  update: async (path, { inputs: { owner, mode } }, { client, signal }) => {
    await client.run({ script: WRITE, args: [path, owner, mode], signal });
    return {};
  },
  remove: async (path, { client, signal }) => {
    await client.run({ script: REMOVE, args: [path], signal });
  },
});
