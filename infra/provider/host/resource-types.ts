import type { ResourceType } from "../kit/plugin.ts";
import type { HostConnection } from "./connection.ts";
import { directory } from "./directory.ts";
import { file } from "./file.ts";
import { symlink } from "./symlink.ts";
import { systemdUnit } from "./systemd-unit.ts";

/** Every resource type of the host provider. */
export const HOST_TYPES: readonly ResourceType<HostConnection>[] = [
  file,
  directory,
  symlink,
  systemdUnit,
];
