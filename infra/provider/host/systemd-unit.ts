import type { InputsOf } from "../../resources/contract.ts";
import { SystemdUnit } from "../../resources/host/systemd-unit.ts";
import { type Call, implement } from "../kit/plugin.ts";
import type { HostConnection } from "./connection.ts";
import { WRITE } from "./file.ts";
import { MISSING, runUnlessMissing } from "./missing.ts";

const DIRECTORY = "/etc/systemd/system";

/** A line of our own between the parts of a description. It cannot be part of a base64 text. */
const END = ".";

/**
 * Prints the state, the unit file and the drop-ins, the files in base64. Argument: name.
 */
const DESCRIBE = `
cd ${DIRECTORY}
if [ ! -f "$1" ]; then exit ${MISSING}; fi
systemctl is-enabled "$1" 2>/dev/null || true
systemctl is-active "$1" || true
base64 -w 0 "$1"
for file in "$1.d"/*; do
  if [ -f "$file" ]; then printf '\\n%s\\n' "\${file##*/}"; base64 -w 0 "$file"; fi
done
printf '\\n${END}\\n'`;

/** Loads the files and brings the unit into its state. Arguments: name, enable verb, start verb. */
const APPLY = `
systemctl daemon-reload
systemctl --quiet "$2" "$1"
systemctl "$3" "$1"`;

/** Stops the unit and removes its files. Argument: name. */
const REMOVE = `
cd ${DIRECTORY}
if [ -f "$1" ]; then systemctl --quiet disable --now "$1"; fi
rm -rf -- "$1" "$1.d"
systemctl daemon-reload
systemctl reset-failed "$1" 2>/dev/null || true`;

type UnitInputs = InputsOf<typeof SystemdUnit>;

/** A systemd unit: its file, its drop-ins and its state. */
export const systemdUnit = implement<typeof SystemdUnit, HostConnection>(SystemdUnit, {
  create: async (inputs, call) => {
    const existing = await observe(inputs.name, call);
    if (!inputs.adopt && existing !== undefined && existing.content !== inputs.content) {
      throw new Error(
        `the unit ${inputs.name} exists on the host with other content, and this stack did not create it. ` +
          "Set adopt: true to overwrite it, or remove it.",
      );
    }
    await write(inputs, existing, call);
    return { id: inputs.name, outputs: {} };
  },
  read: async (name, call) => {
    const observed = await observe(name, call);
    return observed && { inputs: { name, ...observed }, outputs: {} };
  },
  update: async (name, { inputs }, call) => {
    await write(inputs, await observe(name, call), call);
    return {};
  },
  remove: async (name, { client, signal }) => {
    await client.run({ script: REMOVE, args: [name], signal });
  },
});

type UnitState = Pick<UnitInputs, "content" | "enabled" | "active" | "dropIns">;

/** Writes the files that differ, and restarts the unit when one did. */
async function write(
  inputs: UnitInputs,
  existing: UnitState | undefined,
  { client, signal }: Call<HostConnection>,
): Promise<void> {
  const { name, enabled, active } = inputs;
  const wanted = filesOf(inputs);
  const present = existing ? filesOf({ ...existing, name }) : {};
  const changed = Object.entries(wanted).filter(([path, text]) => present[path] !== text);
  const surplus = Object.keys(present).filter((path) => !(path in wanted));
  for (const [path, text] of changed) {
    const size = String(Buffer.byteLength(text));
    const script = `mkdir -p "$(dirname "$1")"${WRITE}`;
    await client.run({ script, args: [path, "root:root", "0644", size], input: text, signal });
  }
  if (surplus.length > 0) await client.run({ script: `rm -f -- "$@"`, args: surplus, signal });
  const isChanged = changed.length > 0 || surplus.length > 0;
  const start = active ? (isChanged ? "restart" : "start") : "stop";
  const args = [name, enabled ? "enable" : "disable", start];
  await client.run({ script: APPLY, args, signal });
}

function filesOf({
  name,
  content,
  dropIns,
}: Pick<UnitInputs, "name" | "content" | "dropIns">): Readonly<Record<string, string>> {
  const extra = dropIns.map((it) => [`${DIRECTORY}/${name}.d/${it.name}`, it.content]);
  return Object.fromEntries([[`${DIRECTORY}/${name}`, content], ...extra]);
}

async function observe(
  name: string,
  { client, signal }: Call<HostConnection>,
): Promise<UnitState | undefined> {
  const described = await runUnlessMissing(client, { script: DESCRIBE, args: [name], signal });
  if (described === undefined) return undefined;
  const [enabled, active, content = "", ...rest] = described.split("\n");
  const dropIns: { name: string; content: string }[] = [];
  for (let i = 0; rest[i] !== END; i += 2) {
    dropIns.push({ name: rest[i] ?? "", content: textOf(rest[i + 1] ?? "") });
  }
  return {
    content: textOf(content),
    enabled: enabled === "enabled",
    active: active === "active" || active === "activating",
    dropIns,
  };
}

function textOf(base64: string): string {
  return Buffer.from(base64, "base64").toString("utf8");
}
