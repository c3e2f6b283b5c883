import { fullImagePath } from "../render/image-path.ts";
import type { ServiceRecord } from "../render/records.ts";

/** Options of a local cloud that runs services. */
export interface RunOptions {
  /** The folder for each source: the address of a repository, or the path of an image. */
  readonly sources: Readonly<Record<string, string>>;
  /** The address of a real Postgres or Redis for the database or key value of this name. */
  readonly stores?: Readonly<Record<string, string>>;
  /** The directory of builds, disks and home directories. */
  readonly directory: string;
  /** How long a new instance may take to become healthy. */
  readonly startLimitMs?: number;
}

/** The runtime's directory in an image. The folder given for an image replaces this directory. */
export const IMAGE_DIRECTORY = "/opt/opspec";

/**
 * The folder from which a service is built, or whose programs its cron job starts; `undefined` when
 * it is only recorded.
 *
 * Only commands are executed. For a service with a Dockerfile that is its start command, because a
 * build needs a container engine. For an image only the runtime's directory is known, which is all
 * that a built-in cron job uses.
 */
export function runFolder(
  { type, source, details }: ServiceRecord,
  { sources }: Pick<RunOptions, "sources">,
): string | undefined {
  if (type === "static_site") return undefined;
  if ("repo" in source) return hasCommand(details) ? folderFor(source.repo, sources) : undefined;
  return type === "cron_job" ? folderFor(source.imagePath, sources) : undefined;
}

function hasCommand({ build }: ServiceRecord["details"]): boolean {
  return build !== undefined && ("startCommand" in build || build.dockerCommand !== "");
}

/** The folder that replaces the runtime's image, from which Dockerfiles copy. */
export function runtimeFolder({ sources }: Pick<RunOptions, "sources">): string | undefined {
  return Object.entries(sources).find(([name]) => !name.includes("://"))?.[1];
}

function folderFor(source: string, sources: RunOptions["sources"]): string | undefined {
  const wanted = plain(source);
  return Object.entries(sources).find(([name]) => plain(name) === wanted)?.[1];
}

/** Normalises a source: without `.git` at the end; an image with its host. */
function plain(source: string): string {
  return source.includes("://") ? source.replace(/(\.git)?\/?$/, "") : fullImagePath(source);
}
