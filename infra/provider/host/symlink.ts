import { Symlink } from "../../resources/host/symlink.ts";
import { type Call, implement } from "../kit/plugin.ts";
import type { HostConnection } from "./connection.ts";
import { MISSING, runUnlessMissing } from "./missing.ts";

/** Arguments: path, target. */
const WRITE = `
temp=$(mktemp -u "$1.XXXXXX")
ln -s -- "$2" "$temp"
mv -T -- "$temp" "$1"
sync "$(dirname "$1")"`;

/** Argument: path. */
const DESCRIBE = `
if [ ! -e "$1" ] && [ ! -L "$1" ]; then exit ${MISSING}; fi
if [ -L "$1" ]; then readlink -- "$1"; else stat -c '(a %F)' "$1"; fi`;

/** A symbolic link. */
export const symlink = implement<typeof Symlink, HostConnection>(Symlink, {
  create: async ({ path, target, adopt }, call) => {
    const existing = await targetOf(path, call);
    if (!adopt && existing !== undefined && existing !== target) {
      throw new Error(
        `${path} exists on the host (${existing}), and this stack did not create it. ` +
          "Set adopt: true to replace it, or remove it.",
      );
    }
    await write(path, target, call);
    return { id: path, outputs: {} };
  },
  read: async (path, call) => {
    const target = await targetOf(path, call);
    return target === undefined ? undefined : { inputs: { path, target }, outputs: {} };
  },
  update: async (path, { inputs: { target } }, call) => {
    await write(path, target, call);
    return {};
  },
  remove: async (path, { client, signal }) => {
    await client.run({ script: `[ ! -L "$1" ] || rm -- "$1"`, args: [path], signal });
  },
});

async function write(
  path: string,
  target: string,
  { client, signal }: Call<HostConnection>,
): Promise<void> {
  await client.run({ script: WRITE, args: [path, target], signal });
}

async function targetOf(
  path: string,
  { client, signal }: Call<HostConnection>,
): Promise<string | undefined> {
  const described = await runUnlessMissing(client, { script: DESCRIBE, args: [path], signal });
  return described?.replace(/\n$/, "");
}
