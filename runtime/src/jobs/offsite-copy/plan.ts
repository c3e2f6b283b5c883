import { resolve } from "node:path";
import { EXIT } from "../../contract/exit-code.ts";
import { type JobContext, JobFailure } from "../definition.ts";
import type { BackupSet, ListedBackup } from "../../backups/backup-sets.ts";
import type { ObjectStoreSettings } from "../../backups/object-store.ts";
import { valueOf } from "../../contract/env.ts";
import { offsiteCopyJob } from "./options.ts";

/** A weekend of daily backups. */
const NEWEST = 3;

/** What the usual tools read. @see https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-envvars.html */
const ACCESS_KEY = "AWS_ACCESS_KEY_ID";
const SECRET_KEY = "AWS_SECRET_ACCESS_KEY";

/** What one run is to do. */
export interface OffsitePlan extends Pick<BackupSet, "directory" | "prefix"> {
  readonly store: ObjectStoreSettings;
  /** With a slash at its end, or nothing. */
  readonly folder: string;
  readonly newest: number;
  readonly keep: number | undefined;
}

/** A backup of which it is known what it must be. */
export type VerifiedBackup = ListedBackup & { readonly sha256: string };

/** What the options and the environment make of a run; tells all variables that are missing. */
export function planOf({ options, env, directory, job }: JobContext): OffsitePlan {
  const said = offsiteCopyJob.options.parse(options);
  const names = { id: said.accessKeyEnv ?? ACCESS_KEY, secret: said.secretKeyEnv ?? SECRET_KEY };
  const [accessKeyId, secretAccessKey] = [valueOf(env, names.id), valueOf(env, names.secret)];
  if (accessKeyId === undefined || secretAccessKey === undefined) {
    const missing = [names.id, names.secret].filter((name) => valueOf(env, name) === undefined);
    const message = `${missing.join(", ")}: not set. The job ${job} needs the keys of the bucket.`;
    throw new JobFailure(message, { exitCode: EXIT.configuration });
  }
  const { endpoint, bucket, region = "us-east-1" } = said;
  return {
    directory: resolve(directory, said.directory),
    prefix: said.prefix,
    store: { endpoint, bucket, region, accessKeyId, secretAccessKey },
    folder: said.folder === undefined ? "" : `${said.folder.replace(/\/$/, "")}/`,
    // What would be removed again is not sent.
    newest: Math.min(said.newest ?? NEWEST, said.keep ?? Infinity),
    keep: said.keep,
  };
}

/** Whether a backup was verified when it was made, and no drill has found it bad since. */
export function isVerified(backup: ListedBackup): backup is VerifiedBackup {
  const { integrity, sha256, drill } = backup;
  return integrity === "ok" && sha256 !== null && drill?.outcome !== "failed";
}
