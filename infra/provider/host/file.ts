import { createHash } from "node:crypto";
import type { InputsOf } from "../../resources/contract.ts";
import { File } from "../../resources/host/file.ts";
import { type Call, implement } from "../kit/plugin.ts";
import type { HostConnection } from "./connection.ts";
import { MISSING, runUnlessMissing } from "./missing.ts";

/**
 * Replaces a file atomically: a reader sees the old or the new content, also after a power cut.
 *
 * The size is checked because a lost connection ends the input early. Temporary files of a killed
 * write are removed.
 * Arguments: path, owner, mode, size.
 */
export const WRITE = `
rm -f -- "$1".opspec.??????
temp=$(mktemp "$1.opspec.XXXXXX")
trap 'rm -f "$temp"' EXIT
cat > "$temp"
if [ "$(stat -c %s "$temp")" != "$4" ]; then echo "the input of $1 ended early" >&2; exit 1; fi
chown "$2" "$temp"
chmod "$3" "$temp"
sync "$temp"
mv -T "$temp" "$1"
trap - EXIT
sync "$(dirname "$1")"`;

/** Prints mode, owner, type and hash of a file. Argument: path. */
const DESCRIBE = `
if [ ! -e "$1" ] && [ ! -L "$1" ]; then exit ${MISSING}; fi
stat -c '0%a %U:%G %F' "$1"
if [ -f "$1" ] && [ ! -L "$1" ]; then sha256sum < "$1"; fi`;

const READ = `cat -- "$1"`;

/** A file. The content is read only if its hash differs from the known content. */
export const file = implement<typeof File, HostConnection>(File, {
  create: async (inputs, call) => {
    await ensureFree(inputs, call);
    await write(inputs, call);
    return { id: inputs.path, outputs: {} };
  },
  read: async (path, call, { inputs }) => {
    const observed = await observe(path, inputs["content"], call);
    return observed && { inputs: { path, ...observed }, outputs: {} };
  },
  update: async (_path, { inputs }, call) => {
    await write(inputs, call);
    return {};
  },
  remove: async (path, call) => {
    await call.client.run({ script: `rm -f -- "$1"`, args: [path], signal: call.signal });
  },
});

type FileInputs = InputsOf<typeof File>;

/** An existing file with the same content is taken over: an interrupted create left it. */
async function ensureFree(
  { path, content, adopt }: FileInputs,
  call: Call<HostConnection>,
): Promise<void> {
  if (adopt) return;
  const observed = await observe(path, content, call);
  if (!observed || observed.content === content) return;
  throw new Error(
    `${path} exists on the host with other content, and this stack did not create it. ` +
      "Set adopt: true to overwrite it, or remove it.",
  );
}

async function write(
  { path, owner, mode, content }: FileInputs,
  { client, signal }: Call<HostConnection>,
): Promise<void> {
  const size = String(Buffer.byteLength(content));
  await client.run({ script: WRITE, args: [path, owner, mode, size], input: content, signal });
}

async function observe(path: string, known: unknown, { client, signal }: Call<HostConnection>) {
  const described = await runUnlessMissing(client, { script: DESCRIBE, args: [path], signal });
  if (described === undefined) return undefined;
  const [access = "", hash] = described.trimEnd().split("\n");
  const [mode = "", owner = "", ...type] = access.split(" ");
  if (hash === undefined) return { mode, owner, content: `(a ${type.join(" ")})` };
  const isKnown = typeof known === "string" && hash.startsWith(sha256(known));
  const content = isKnown ? known : await client.run({ script: READ, args: [path], signal });
  return { mode, owner, content };
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
