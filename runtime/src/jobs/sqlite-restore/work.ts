import {
  withBackupLock,
  DatabaseInUse,
  holdersOf,
  holderText,
} from "../../backups/database-hold.ts";
import {
  removeDatabase,
  removeStaged,
  type Replaced,
  replaceDatabase,
} from "../../backups/database-copy.ts";
import { shellWord } from "../../contract/text.ts";
import { dryRunOutcome, type JobContext, JobFailure, type JobOutcome } from "../definition.ts";
import type { AppControl } from "../../run/app-control.ts";
import { type Clock, SYSTEM_CLOCK } from "../../run/clock.ts";
import { RunAbort } from "../../run/run-outcome.ts";
import { restoreAction, type RestoreResult } from "../../supervise/restore-action.ts";
import { type RestorePlan, type StagedCopy, examine, planOf, stageCopy } from "./plan.ts";

/**
 * Replaces a database with a backup or an upload.
 *
 * The job verifies the file first, so that a damaged one causes no downtime. It stops the supervised
 * app for the change, starts it again and checks its health. If the app is not healthy, it restores
 * the old database. Without a supervised app, no process may have the database open.
 */
export async function work(context: JobContext, clock: Clock = SYSTEM_CLOCK): Promise<JobOutcome> {
  const asked = await planOf(context);
  if (context.dryRun) return dryRun(context, asked);
  return withBackupLock({ ...asked, signal: context.signal }, async () => {
    // Rotation may have removed the backup while this run waited for the lock.
    const plan = await planOf(context);
    await removeStaged(plan.database);
    const staged = await stageCopy(plan, context.signal);
    try {
      const restore = { context, plan, staged, at: clock.now() };
      return context.app ? await besideApp(restore, context.app) : await alone(restore);
    } finally {
      await removeDatabase(staged.path);
    }
  });
}

interface Restore {
  readonly context: JobContext;
  readonly plan: RestorePlan;
  readonly staged: StagedCopy;
  readonly at: Date;
}

async function alone(restore: Restore): Promise<JobOutcome> {
  try {
    return restored(restore, await replace(restore));
  } catch (error) {
    restore.context.signal.throwIfAborted();
    if (!(error instanceof DatabaseInUse)) throw error;
    const { job } = restore.context;
    const { kind, name } = restore.plan.source;
    const call = `opspec-runtime call ${shellWord(job)} --input ${shellWord(`${kind}=${name}`)}`;
    const remedy = `Stop it first, or let the service that supervises the app do all steps: ${call}`;
    throw JobFailure.temporary(`${error.message} Nothing was restored. ${remedy}.`, {
      details: { outcome: "refused" },
      cause: error,
    });
  }
}

async function besideApp(restore: Restore, app: AppControl): Promise<JobOutcome> {
  let replaced: Replaced | undefined;
  const result = await restoreAction({
    stopApp: () => app.stop(),
    restore: async () => (replaced = await replace(restore)),
    startApp: () => app.start(),
    check: () => app.check(),
    ending: endingOf(restore.context.signal),
  });
  if (result.outcome === "restored") return restored(restore, replaced);
  throw failure(restore, result, replaced);
}

/** Aborted only if the process stops. Other ends of the run do not end the app. */
function endingOf(signal: AbortSignal): AbortSignal {
  const ending = new AbortController();
  const note = (): void => {
    const { reason } = signal;
    const isOther = reason instanceof RunAbort && reason.cause !== "stopped";
    if (!isOther) ending.abort(reason);
  };
  if (signal.aborted) note();
  else signal.addEventListener("abort", note, { once: true });
  return ending.signal;
}

function replace({ plan, staged, at, context }: Restore): Promise<Replaced> {
  const { database } = plan;
  return replaceDatabase({ database, staged: staged.path, at, signal: context.signal });
}

function restored(restore: Restore, replaced: Replaced | undefined): JobOutcome {
  const safetyCopy = replaced?.safetyCopy ?? null;
  const app = restore.context.app ? "restarted" : "none";
  return { status: "ok", details: { outcome: "restored", ...factsOf(restore), safetyCopy, app } };
}

function factsOf({ plan, staged }: Pick<Restore, "plan" | "staged">): Record<string, unknown> {
  const { sha256, sizeBytes, verdict } = staged;
  const { kind, name } = plan.source;
  const { rows, unchecked } = verdict;
  return {
    database: plan.database,
    [kind]: name,
    sha256,
    sizeBytes,
    rows,
    ...(unchecked.length > 0 && { unchecked }),
  };
}

/** Explanation of each failure for the operator. */
const EXPLANATIONS: Readonly<Record<Exclude<RestoreResult["outcome"], "restored">, string>> = {
  "not-restored": "Nothing was restored, and the app runs with its database as it was.",
  "rolled-back": "The app was not healthy with it, so the old database was restored.",
  unchecked: "It was restored, and the process ended before the app could be checked.",
  broken: "The app is not healthy. Act at once: the safety copy is beside the database.",
};

function failure(
  restore: Restore,
  result: Exclude<RestoreResult, { readonly outcome: "restored" }>,
  replaced: Replaced | undefined,
): JobFailure {
  const { outcome, error } = result;
  const safetyCopy = replaced?.safetyCopy ?? null;
  const message = `${restore.plan.source.name}: ${error.replace(/\.?$/, ".")} ${EXPLANATIONS[outcome]}`;
  return new JobFailure(message, { details: { outcome, ...factsOf(restore), safetyCopy } });
}

async function dryRun(context: JobContext, plan: RestorePlan): Promise<JobOutcome> {
  const { path, kind, name } = plan.source;
  const staged = await examine(plan, path, { mode: "as-is", signal: context.signal });
  const holders = await holdersOf(plan.database);
  return dryRunOutcome({
    ...factsOf({ plan, staged }),
    wouldRestore: `${kind} ${name}`,
    wouldKeep: `${plan.database}.before_restore-<time>`,
    wouldRestartApp: context.app !== undefined,
    ...(holders.length > 0 && { openIn: holderText(holders) }),
  });
}
