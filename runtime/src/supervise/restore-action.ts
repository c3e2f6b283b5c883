/** What a restore is made of. */
export interface RestoreSteps {
  readonly stopApp: () => Promise<void>;
  /** Puts the data in place; it gives what brings back the data that was there before. */
  readonly restore: () => Promise<{ readonly rollBack: () => Promise<void> }>;
  readonly startApp: () => Promise<void>;
  /** Throws when the app is not well with its data. */
  readonly check: () => Promise<void>;
}

/** `rolled-back`: the app runs with its old data. `broken`: somebody has to look at once. */
export type RestoreResult =
  | { readonly outcome: "restored" }
  | { readonly outcome: "not-restored" | "rolled-back" | "broken"; readonly error: string };

/**
 * Restores data as one action: stop the app, restore, start, check.
 *
 * Whatever fails on the way, the app is started again: with its old data when the restore failed
 * or when the app is not well with the new ones.
 */
export async function restoreAction(steps: RestoreSteps): Promise<RestoreResult> {
  await steps.stopApp();
  const restored = await attempt(steps.restore);
  if ("error" in restored) {
    const started = await attempt(() => startAndCheck(steps));
    if ("error" in started)
      return { outcome: "broken", error: `${restored.error}; then ${started.error}` };
    return { outcome: "not-restored", error: restored.error };
  }
  const checked = await attempt(() => startAndCheck(steps));
  if (!("error" in checked)) return { outcome: "restored" };
  const back = await attempt(async () => {
    await steps.stopApp();
    await restored.value.rollBack();
    await startAndCheck(steps);
  });
  if ("error" in back) return { outcome: "broken", error: `${checked.error}; then ${back.error}` };
  return { outcome: "rolled-back", error: checked.error };
}

async function startAndCheck({ startApp, check }: RestoreSteps): Promise<void> {
  await startApp();
  await check();
}

type Attempt<T> = { readonly value: T } | { readonly error: string };

async function attempt<T>(work: () => Promise<T>): Promise<Attempt<T>> {
  try {
    return { value: await work() };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}
