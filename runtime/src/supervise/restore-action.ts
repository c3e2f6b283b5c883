/** The steps of a restore. */
export interface RestoreSteps {
  readonly stopApp: () => Promise<void>;
  /** Replaces the data. `rollBack` brings the old data back. */
  readonly restore: () => Promise<{ readonly rollBack: () => Promise<void> }>;
  readonly startApp: () => Promise<void>;
  /** Throws when the app is not well with its data. */
  readonly check: () => Promise<void>;
  /** Aborted when this process ends and stops its app, so that the check has no result. */
  readonly ending: AbortSignal;
}

/**
 * `rolled-back`: the app runs with its old data. `broken`: an operator must act at once. `unchecked`:
 * the data are restored, and the process ended before the app was checked.
 */
export type RestoreResult =
  | { readonly outcome: "restored" }
  | {
      readonly outcome: "not-restored" | "rolled-back" | "broken" | "unchecked";
      readonly error: string;
    };

/**
 * Stops the app, restores its data, starts it and checks it.
 *
 * The app starts again after every failure: with its old data when the restore failed, or when the app
 * is not well with the new ones.
 */
export async function restoreAction(steps: RestoreSteps): Promise<RestoreResult> {
  const stopped = await attempt(steps.stopApp);
  // A stop that fails starts the app again itself.
  if ("error" in stopped) return { outcome: "not-restored", error: stopped.error };
  const restored = await attempt(steps.restore);
  if ("error" in restored) return startWithOldData(steps, "not-restored", restored.error);
  const checked = await attempt(() => startAndCheck(steps));
  if (!("error" in checked)) return { outcome: "restored" };
  // An app that stopped with its process did not fail.
  if (steps.ending.aborted) return { outcome: "unchecked", error: checked.error };
  const back = await attempt(async () => {
    await steps.stopApp();
    await restored.value.rollBack();
  });
  if ("error" in back) {
    await attempt(steps.startApp);
    return { outcome: "broken", error: `${checked.error}; then ${back.error}` };
  }
  return startWithOldData(steps, "rolled-back", checked.error);
}

async function startWithOldData(
  steps: RestoreSteps,
  outcome: "not-restored" | "rolled-back",
  error: string,
): Promise<RestoreResult> {
  const started = await attempt(() => startAndCheck(steps));
  const isWell = !("error" in started) || steps.ending.aborted;
  return isWell
    ? { outcome, error }
    : { outcome: "broken", error: `${error}; then ${started.error}` };
}

async function startAndCheck({ startApp, check, ending }: RestoreSteps): Promise<void> {
  await startApp();
  await Promise.race([check(), rejectOn(ending)]);
}

function rejectOn(ending: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const end = (): void => reject(new Error("the process was asked to stop"));
    if (ending.aborted) end();
    else ending.addEventListener("abort", end, { once: true });
  });
}

type Attempt<T> = { readonly value: T } | { readonly error: string };

async function attempt<T>(work: () => Promise<T>): Promise<Attempt<T>> {
  try {
    return { value: await work() };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}
