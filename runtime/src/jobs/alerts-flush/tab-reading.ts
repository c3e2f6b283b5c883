import type { ManifestSource } from "../../contract/source.ts";
import { EXIT } from "../../contract/exit-code.ts";
import { type JobContext, JobFailure } from "../definition.ts";
import { readSource } from "../../sources/source.ts";
import { SourceError, SourceNotSet } from "../../sources/source-error.ts";
import { type AlertSummary, summarise, type TabSummary } from "./alert-summary.ts";

/** A table of alerts as a spec describes it. */
interface Tab {
  readonly source: ManifestSource;
  readonly columns?: readonly string[] | undefined;
}

/** What the tables hold. */
interface TabReading {
  readonly summary: AlertSummary;
  /** Names of the tables whose variables are not set. */
  readonly notSet: readonly string[];
}

type Outcome =
  | { readonly tab: string; readonly summary: TabSummary }
  | { readonly tab: string; readonly problem: string; readonly isNotSet: boolean };

/**
 * Reads all tables at the same time.
 *
 * One that cannot be read fails the run: with it missing the alerts would look changed, and changed
 * again when it is back. One whose variables are not set yet is left out, which is no failure.
 */
export async function readTabs(
  context: JobContext,
  tabs: Readonly<Record<string, Tab>> = {},
  samples: number,
): Promise<TabReading> {
  if (Object.keys(tabs).length === 0) {
    context.log.warn("there are no tables of alerts: the option tabs is empty");
  }
  const outcomes = await Promise.all(
    Object.entries(tabs).map(([tab, its]) => readTab(context, { ...its, tab, samples })),
  );
  const unread = outcomes.flatMap((it) => ("problem" in it ? [it] : []));
  const failed = unread.filter((it) => !it.isNotSet);
  if (failed.length > 0) {
    const words = failed.map(({ tab, problem }) => `${tab}: ${problem}`).join(" ");
    throw new JobFailure(`nothing was sent. ${words}`, { exitCode: EXIT.temporary });
  }
  for (const { tab, problem } of unread) context.log.warn({ tab }, `left out: ${problem}`);
  const read = outcomes.flatMap((it) => ("summary" in it ? [[it.tab, it.summary] as const] : []));
  return { summary: Object.fromEntries(read), notSet: unread.map(({ tab }) => tab) };
}

async function readTab(
  { env, directory, signal }: JobContext,
  { tab, source, columns, samples }: Tab & { readonly tab: string; readonly samples: number },
): Promise<Outcome> {
  try {
    const rows = await readSource(source, { env, directory, signal });
    return { tab, summary: summarise(rows, { samples, columns }) };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof SourceError)) throw error;
    return { tab, problem: error.message, isNotSet: error instanceof SourceNotSet };
  }
}
