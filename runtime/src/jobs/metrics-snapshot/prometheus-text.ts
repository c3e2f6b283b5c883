/** One value of a metric, as `/metrics.json` of the runtime has it. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  /** Text where JSON has no such number: NaN, +Inf and -Inf. */
  readonly value: number | string;
}

/** A name, perhaps labels in braces, a value, perhaps a time. @see https://prometheus.io/docs/instrumenting/exposition_formats/ */
const LINE = /^([A-Za-z_:][\w:]*)(?:\{(.*)\})?\s+(\S+)(?:\s+-?\d+)?$/;

/** One label and what follows it. Its value may hold any character, with \ before " and \. */
const LABEL = /\s*([A-Za-z_]\w*)\s*=\s*"((?:[^"\\]|\\.)*)"\s*(,|$)/y;

/** The samples of a Prometheus text by their names, or undefined when it is none. */
export function parsePrometheus(text: string): Record<string, Sample[]> | undefined {
  const found: Record<string, Sample[]> = {};
  for (const line of text.split(/\r?\n/)) {
    if (line.trim() === "" || line.startsWith("#")) continue;
    const [, name, labelText = "", value] = LINE.exec(line.trim()) ?? [];
    const labels = parseLabels(labelText);
    const number = valueOf(value);
    if (name === undefined || labels === undefined || number === undefined) return undefined;
    (found[name] ??= []).push({ labels, value: number });
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

function valueOf(text: string | undefined): number | string | undefined {
  if (text === undefined) return undefined;
  if (/^(NaN|[+-]?Inf)$/.test(text)) return text;
  const value = Number(text);
  return Number.isNaN(value) ? undefined : value;
}
