import { fullImagePath } from "../render/image-path.ts";
import type { ServiceRecord } from "../render/records.ts";

/** What a local cloud that runs things is told. */
export interface RunOptions {
  /** The folder for each source: the address of a repository, or the path of an image. */
  readonly sources: Readonly<Record<string, string>>;
  /** The address of a real Postgres or Redis for the database or key value of this name. */
  readonly stores?: Readonly<Record<string, string>>;
  /** Where builds, disks and homes are kept. */
  readonly directory: string;
  /** How long a new instance may take to become healthy. */
  readonly startLimitMs?: number;
}

/** Where the image of the runtime has it; the folder for an image stands for this place of it. */
export const IMAGE_DIRECTORY = "/opt/opspec";

/**
 * The folder from which a service is really built, or whose programs its cron job starts;
 * `undefined` when it is only recorded.
 *
 * The first form: commands, from a repository's folder. A Dockerfile needs an engine of containers,
 * so of such a service the command is run where its Dockerfile is, when it has one; and of an image
 * only the runtime's own place is known, which is all that a built-in cron job uses.
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

/** The folder of the image with the runtime, which Dockerfiles copy from. */
export function runtimeFolder({ sources }: Pick<RunOptions, "sources">): string | undefined {
  return Object.entries(sources).find(([name]) => !name.includes("://"))?.[1];
}

function folderFor(source: string, sources: RunOptions["sources"]): string | undefined {
  const wanted = plain(source);
  return Object.entries(sources).find(([name]) => plain(name) === wanted)?.[1];
}

/** Two ways to write one source: `.git` at the end, an image without its host. */
function plain(source: string): string {
  return source.includes("://") ? source.replace(/(\.git)?\/?$/, "") : fullImagePath(source);
}
