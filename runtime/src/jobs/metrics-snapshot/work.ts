import { readdir, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parseObject } from "../../contract/text.ts";
import { redactDeep } from "../../redaction.ts";
import { type Clock, SYSTEM_CLOCK } from "../../run/clock.ts";
import { dryRunOutcome, type JobContext, JobFailure, type JobOutcome } from "../definition.ts";
import { appendLine, stampOf } from "../file.ts";
import { request, responseFailure, urlOf } from "../request.ts";
import { metricsSnapshotJob } from "./options.ts";

/** Default number of files: a month. */
const KEEP_DAYS = 30;

/** Largest response. A process with thousands of series needs less. */
const ANSWER_BYTES_MAX = 4 * 1024 * 1024;

/** Largest snapshot in a run record. Each query of the history reads the record, so it stays small. */
const RECORD_BYTES_MAX = 64 * 1024;

/** Prefers JSON, which needs no parser of our own. */
const ACCEPT = { accept: "application/json, text/plain;q=0.9" };

/** Metrics whose value reports that a source could not be read, so that its values are missing. */
const SOURCE_ERROR = /_source_error$/;

/** `metrics_20260106.jsonl`, in UTC. The job does not touch other files of the directory. */
const FILE_NAME = /^metrics_\d{8}\.jsonl$/;

/**
 * Keeps the current values of a metrics URL. The run fails if any value could not be read, because a
 * gap in the numbers must not look like a zero.
 */
export async function work(context: JobContext, clock: Clock = SYSTEM_CLOCK): Promise<JobOutcome> {
  const options = metricsSnapshotJob.options.parse(context.options);
  const { directory, keepDays = KEEP_DAYS } = options;
  urlOf(context, options);
  const at = clock.now();
  if (context.dryRun) {
    const wouldWrite = directory === undefined ? "the record" : fileOf(at);
    return dryRunOutcome({ wouldWrite });
  }
  const response = await request(context, options, { method: "GET", headers: ACCEPT });
  if (!response.ok) throw await responseFailure("GET", response);
  const { metrics, unread } = parseSnapshot(await readBounded(response));
  const details =
    directory === undefined
      ? recordDetails(metrics)
      : await addLine({ directory: resolve(context.directory, directory), keepDays }, at, metrics);
  const problems = Object.entries(unread).map(([name, why]) => `${name} (${why})`);
  if (problems.length === 0) return { status: "ok", details };
  throw new JobFailure(`the metrics lack sources: ${problems.join(", ")}`, { details });
}

async function readBounded(response: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of response.body ?? []) {
    bytes += part.byteLength;
    if (bytes > ANSWER_BYTES_MAX) {
      throw new JobFailure(`the response is larger than ${ANSWER_BYTES_MAX} bytes.`);
    }
    parts.push(part);
  }
  return Buffer.concat(parts).toString("utf8");
}

function recordDetails(metrics: object): Record<string, unknown> {
  const bytes = Buffer.byteLength(JSON.stringify(metrics));
  if (bytes <= RECORD_BYTES_MAX) return { metrics };
  const remedy = "Set directory to a directory on a disk.";
  throw new JobFailure(`the metrics have ${bytes} bytes, too many for a run record. ${remedy}`);
}

/** Appends a line to the file of the day, and removes the oldest files. */
async function addLine(
  { directory, keepDays }: { directory: string; keepDays: number },
  at: Date,
  metrics: object,
): Promise<{ file: string; removed: string[] }> {
  const file = fileOf(at);
  const line = { ts: at.toISOString(), metrics: redactDeep(metrics) };
  appendLine(join(directory, file), JSON.stringify(line));
  const files = (await readdir(directory)).filter((name) => FILE_NAME.test(name)).toSorted();
  const removed = files.slice(0, Math.max(0, files.length - keepDays));
  for (const name of removed) await rm(join(directory, name), { force: true });
  return { file, removed };
}

function fileOf(at: Date): string {
  return `metrics_${stampOf(at).slice(0, 8)}.jsonl`;
}

interface Snapshot {
  readonly metrics: object;
  /** Sources that could not be read, with the reason if the metrics report one. */
  readonly unread: Readonly<Record<string, string>>;
}

function parseSnapshot(text: string): Snapshot {
  const json = parseObject(text);
  if (json) return { metrics: json, unread: reportedErrors(json) };
  const samples = parsePrometheus(text);
  if (samples) return { metrics: samples, unread: sourceErrors(samples) };
  const what = text.trim() === "" ? "is empty" : "is neither JSON nor Prometheus text";
  throw new JobFailure(`the response ${what}. Check that the URL is that of the metrics.`);
}

/** The runtime's own JSON has reasons as texts in `errors`. An app may have counts there. */
function reportedErrors(json: object): Record<string, string> {
  const errors = "errors" in json ? json.errors : undefined;
  if (typeof errors !== "object" || errors === null) return {};
  return Object.fromEntries(
    Object.entries(errors).filter((it): it is [string, string] => typeof it[1] === "string"),
  );
}

function sourceErrors(samples: Readonly<Record<string, Sample[]>>): Record<string, string> {
  const failed = Object.entries(samples)
    .filter(([name]) => SOURCE_ERROR.test(name))
    .flatMap(([, of]) => of.filter(({ value }) => value !== 0));
  return Object.fromEntries(failed.map(({ labels }) => [labels["source"] ?? "unnamed", "unread"]));
}

/** One value of a metric, as in `/metrics.json` of the runtime. */
interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  /** Text for NaN, +Inf and -Inf, which JSON does not have. */
  readonly value: number | string;
}

/** A name, optional labels in braces, a value, an optional time. @see https://prometheus.io/docs/instrumenting/exposition_formats/ */
const LINE = /^([A-Za-z_:][\w:]*)(?:\{(.*)\})?\s+(\S+)(?:\s+-?\d+)?$/;

/** One label and what follows it. Its value may contain any character, with \ before " and \. */
const LABEL = /\s*([A-Za-z_]\w*)\s*=\s*"((?:[^"\\]|\\.)*)"\s*(,|$)/y;

/** The samples of a Prometheus text by name. Undefined for any other text. */
function parsePrometheus(text: string): Record<string, Sample[]> | undefined {
  const found: Record<string, Sample[]> = {};
  for (const line of text.split(/\r?\n/)) {
    if (line.trim() === "" || line.startsWith("#")) continue;
    const [, name, labelText = "", valueText = ""] = LINE.exec(line.trim()) ?? [];
    const labels = parseLabels(labelText);
    const value = /^(NaN|[+-]?Inf)$/.test(valueText) ? valueText : Number(valueText);
    if (name === undefined || labels === undefined || Number.isNaN(value)) return undefined;
    (found[name] ??= []).push({ labels, value });
  }
  return Object.keys(found).length === 0 ? undefined : found;
}

function parseLabels(text: string): Record<string, string> | undefined {
  const labels: Record<string, string> = {};
  LABEL.lastIndex = 0;
  while (LABEL.lastIndex < text.length) {
    const [, name, value] = LABEL.exec(text) ?? [];
    if (name === undefined || value === undefined) return undefined;
    labels[name] = value.replaceAll(/\\(.)/g, (_, it: string) => (it === "n" ? "\n" : it));
  }
  return labels;
}
