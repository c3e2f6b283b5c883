import { parsePrometheus, type Sample } from "./prometheus-text.ts";

/** What a metrics path said. */
export interface Snapshot {
  readonly metrics: object;
  /** Sources that it could not read, each with the reason where it told one. */
  readonly unread: Readonly<Record<string, string>>;
}

/** By which a metrics text says that a source could not be read, so that its values are absent. */
const SOURCE_ERROR = /_source_error$/;

/** The answer of a metrics path as values; undefined when it is neither JSON nor Prometheus text. */
export function parseSnapshot(text: string): Snapshot | undefined {
  const json = objectOf(text);
  if (json) return { metrics: json, unread: toldErrors(json) };
  const samples = parsePrometheus(text);
  return samples && { metrics: samples, unread: sourceErrors(samples) };
}

/** Our own JSON names under `errors` why it could not read something; an app may count there, too. */
function toldErrors(json: object): Record<string, string> {
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

function objectOf(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
