import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import * as z from "zod/mini";
import { deliverHttp } from "../../alerts/channels/channel.ts";
import { valueOf } from "../../contract/env.ts";
import { errorCode } from "../../contract/error-code.ts";
import { EXIT } from "../../contract/exit-code.ts";
import { stableJson } from "../../contract/manifest.ts";
import { errorWords } from "../../health/error-words.ts";
import { type Clock, SYSTEM_CLOCK } from "../../run/clock.ts";
import { type Row, SourceError, SourceNotSet } from "../../sources/source-reading.ts";
import { readSource } from "../../sources/source.ts";
import { StoreError } from "../../databases/sql-database.ts";
import { dryRunOutcome, type JobContext, JobFailure, type JobOutcome } from "../definition.ts";
import { replaceFile } from "../file.ts";
import { type Delivered, deliveredBy, sendMail } from "../mail.ts";
import { type AlertSummary, alertMail, type TabSummary } from "./alert-mail.ts";
import { alertsFlushJob } from "./options.ts";

type FlushOptions = z.infer<typeof alertsFlushJob.options>;

type Tab = NonNullable<FlushOptions["tabs"]>[string];

/** Default number of rows of each tab that are sent; see docs/sources.md. */
const SAMPLES = 5;

const TITLE = "Alerts";

/** Prefixes of the variables with the addresses, in order of preference; see docs/sources.md. */
const ADDRESS_VARIABLES = ["ALERTS_EMAIL", "DIGEST_EMAIL"];

const WEBHOOK_VARIABLE = "WEBHOOK_URL";

/**
 * Sends the alerts to each channel that has not accepted them yet.
 *
 * The job saves a fingerprint for each channel that accepted. If one channel accepts and another
 * fails, the next run sends to the failed one only, so no channel gets the alerts twice or never.
 */
export async function work(context: JobContext, clock: Clock = SYSTEM_CLOCK): Promise<JobOutcome> {
  const options = alertsFlushJob.options.parse(context.options);
  const { resend = false } = alertsFlushJob.input.parse(context.input);
  if (context.silencedUntil) {
    // The saved fingerprints stay, so the first run after the silence sends what changed meanwhile.
    const silencedUntil = context.silencedUntil.toISOString();
    context.log.info({ silencedUntil }, "silenced");
    return { status: "skipped", details: { result: "silenced", silencedUntil } };
  }
  const { summary, notSet } = await readTabs(context, options);
  const document = await openDocument(context, options.state);
  const delivered = await readFingerprints(context, document);
  const fingerprint = createHash("sha256").update(stableJson(summary)).digest("hex");
  const counts = Object.entries(summary).map(([tab, { count }]) => [tab, count]);
  const details = {
    fingerprint,
    counts: Object.fromEntries(counts),
    ...(notSet.length > 0 ? { notSet } : {}),
  };
  if (counts.length === 0) {
    return { status: "skipped", details: { result: "skipped", ...details } };
  }
  const isDue = (channel: string): boolean => resend || delivered[channel] !== fingerprint;
  const channels = channelsOf(context, options, summary);
  if (context.dryRun) {
    return dryRunOutcome({ ...details, wouldSend: Object.keys(channels).filter(isDue) });
  }
  const results = await sendAll(channels, isDue);
  const accepted = Object.entries(results).filter(([, { status }]) => status === "ok");
  if (!resend && accepted.length > 0) {
    const news = Object.fromEntries(accepted.map(([channel]) => [channel, fingerprint]));
    const value = { accepted: { ...delivered, ...news }, at: clock.now().toISOString() };
    await document.write(value).catch(storeFailure);
  }
  for (const [channel, result] of Object.entries(results)) {
    if (result.status === "error") context.log.error({ channel, ...result }, "not sent");
  }
  return outcomeOf(details, results);
}

/**
 * Reads all tabs at the same time.
 *
 * A tab that cannot be read fails the run: without it the alerts would look changed, and changed
 * again once it is back. A tab whose variables are not set is left out.
 */
async function readTabs(
  context: JobContext,
  { tabs = {}, samples = SAMPLES }: FlushOptions,
): Promise<{ readonly summary: AlertSummary; readonly notSet: readonly string[] }> {
  const { log } = context;
  if (Object.keys(tabs).length === 0) log.warn("there are no tabs: the option tabs is empty");
  const summary: Record<string, TabSummary> = {};
  const notSet: string[] = [];
  const failed: string[] = [];
  const readings = Object.entries(tabs).map(
    async ([tab, its]) => [tab, await readTab(context, its, samples)] as const,
  );
  for (const [tab, read] of await Promise.all(readings)) {
    if (!(read instanceof SourceError)) summary[tab] = read;
    else if (read instanceof SourceNotSet) {
      log.warn({ tab }, `left out: ${read.message}`);
      notSet.push(tab);
    } else failed.push(`${tab}: ${read.message}`);
  }
  if (failed.length > 0) throw JobFailure.temporary(`nothing was sent. ${failed.join(" ")}`);
  return { summary, notSet };
}

async function readTab(
  { env, directory, signal }: JobContext,
  { source, columns }: Tab,
  samples: number,
): Promise<TabSummary | SourceError> {
  try {
    const rows = await readSource(source, { env, directory, signal });
    const first = rows.slice(0, samples).map((row) => (columns ? pick(row, columns) : row));
    // As plain JSON, so that the fingerprint is of the text that is sent.
    return { count: rows.length, rows: JSON.parse(JSON.stringify(first)) };
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof SourceError) return error;
    throw error;
  }
}

function pick(row: Row, columns: readonly string[]): Row {
  const known = columns.filter((it) => Object.hasOwn(row, it));
  return Object.fromEntries(known.map((it) => [it, row[it]]));
}

type Channels = Readonly<Record<string, () => Promise<Delivered>>>;

/** The result at each channel. `no_change` means that it already accepted these alerts. */
type Results = Readonly<Record<string, Delivered | { readonly status: "no_change" }>>;

function channelsOf(context: JobContext, options: FlushOptions, summary: AlertSummary): Channels {
  const { title = TITLE, webhook, ...mail } = options;
  const letter = alertMail(title, summary);
  return {
    email: () => sendMail(context, { ...mail, variables: ADDRESS_VARIABLES }, letter),
    webhook: () => postAlerts(context, webhook?.urlEnv ?? WEBHOOK_VARIABLE, summary),
  };
}

async function postAlerts(
  { env, signal }: JobContext,
  urlEnv: string,
  summary: AlertSummary,
): Promise<Delivered> {
  const url = valueOf(env, urlEnv);
  if (url === undefined) return { status: "skipped", why: `${urlEnv} is not set` };
  if (!URL.canParse(url)) return { status: "error", why: `${urlEnv} is not a URL` };
  const body = JSON.stringify({ type: "alerts_update", payload: summary });
  const headers = { "content-type": "application/json" };
  return deliveredBy(signal, async () => {
    await deliverHttp({ url, body, headers }, { signal });
    return { status: "ok" };
  });
}

async function sendAll(channels: Channels, isDue: (channel: string) => boolean): Promise<Results> {
  const sent = Object.entries(channels).map(async ([channel, send]) => {
    const result = isDue(channel) ? await send() : { status: "no_change" as const };
    return [channel, result] as const;
  });
  return Object.fromEntries(await Promise.all(sent));
}

/**
 * The run is `sent` if a channel accepted, even if another failed, because the next run retries that
 * one. It fails if no channel accepted and one failed.
 */
function outcomeOf(known: JobOutcome["details"], results: Results): JobOutcome {
  const entries = Object.entries(results);
  const whys = entries.flatMap(([channel, it]) => ("why" in it ? [[channel, it.why]] : []));
  const has = (wanted: string) => entries.some(([, { status }]) => status === wanted);
  const details = {
    ...known,
    ...Object.fromEntries(entries.map(([channel, { status }]) => [channel, status])),
    ...(whys.length > 0 ? { why: Object.fromEntries(whys) } : {}),
  };
  if (has("ok")) return { status: "ok", details: { result: "sent", ...details } };
  if (has("error")) {
    const problems = entries.map(([channel, it]) =>
      it.status === "error" ? ` ${channel}: ${it.why}.` : "",
    );
    const message = `no channel accepted the alerts.${problems.join("")}`;
    throw JobFailure.temporary(message, { details: { result: "error", ...details } });
  }
  return has("no_change")
    ? { status: "ok", details: { result: "no_change", ...details } }
    : { status: "skipped", details: { result: "skipped", ...details } };
}

/** The fingerprint that each channel accepted last. */
const Saved = z.object({ accepted: z.record(z.string(), z.string()) });

/** Where the delivered fingerprints are saved. */
interface SavedDocument {
  read(): Promise<unknown>;
  write(value: object): Promise<void>;
}

/** The file in the option `state`, or else a document of the stack's state store. */
async function openDocument(
  { job, directory, memory }: JobContext,
  state: string | undefined,
): Promise<SavedDocument> {
  if (state !== undefined) {
    const path = resolve(directory, state);
    return {
      read: () => readState(path),
      write: (value) => replaceFile(path, `${JSON.stringify(value, null, 2)}\n`),
    };
  }
  const documents = await memory?.();
  if (documents) {
    return { read: () => documents.read(job), write: (value) => documents.write(job, value) };
  }
  const remedy = "Set it to a file on a disk, or give the stack a store of records.";
  const message = `jobs/${job}/options/state: there is no place for the delivered fingerprints. ${remedy}`;
  throw new JobFailure(message, { exitCode: EXIT.configuration });
}

/** The value in the file. Text that is not JSON is an invalid value, with a warning. */
async function readState(path: string): Promise<unknown> {
  try {
    const text = await readFile(path, "utf8");
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return error.message;
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** An unreadable value counts as empty, because sending an alert twice is better than losing it. */
async function readFingerprints(
  { log }: JobContext,
  document: SavedDocument,
): Promise<Readonly<Record<string, string>>> {
  const value = await document.read().catch(storeFailure);
  const saved = Saved.safeParse(value);
  if (saved.success) return saved.data.accepted;
  if (value !== undefined) log.warn("the delivered fingerprints are invalid; sending all alerts");
  return {};
}

/** A store or a disk that fails now may work at the next try. */
function storeFailure(error: unknown): never {
  const reason = error instanceof StoreError ? error.message : errorWords(error);
  const message = `the delivered fingerprints could not be read or written: ${reason}`;
  throw JobFailure.temporary(message, { cause: error });
}
