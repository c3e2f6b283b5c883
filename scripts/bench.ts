import { parseArgs } from "node:util";
import { consoleFigures } from "./bench/console.ts";
import type { Figure, Measured } from "./bench/figure.ts";
import { healthFigures } from "./bench/health.ts";
import { jobRuns } from "./bench/job-runs.ts";
import { largeStack } from "./bench/large-stack.ts";
import { lockTakeover } from "./bench/lock-takeover.ts";
import { pluginSpawn } from "./bench/plugin-spawn.ts";
import { renderStackFigures } from "./bench/render-stacks.ts";
import { sqliteBackup } from "./bench/sqlite-backup.ts";
import { stateRecords } from "./bench/state-records.ts";
import { stackOperations } from "./bench/stack-operations.ts";

/** Every figure, in the order in which it is printed. */
const FIGURES: readonly Figure[] = [
  pluginSpawn,
  ...largeStack,
  ...renderStackFigures,
  ...stackOperations,
  ...healthFigures,
  ...consoleFigures,
  ...lockTakeover,
  ...stateRecords,
  ...jobRuns,
  ...sqliteBackup,
];

const { values, positionals } = parseArgs({
  options: { json: { type: "boolean" } },
  allowPositionals: true,
});

const [wanted] = positionals;
const chosen = FIGURES.filter(({ name }) => wanted === undefined || name === wanted);
if (chosen.length === 0) {
  process.stderr.write(
    `bench: there is no figure "${wanted}". There are: ${FIGURES.map((it) => it.name).join(", ")}.\n`,
  );
  process.exit(2);
}

interface Result extends Measured, Pick<Figure, "unit" | "bar"> {
  readonly ok: boolean;
}

const results: Record<string, Result> = {};
for (const figure of chosen) {
  const measured = await figure.measure();
  const { bar, unit } = figure;
  const ok = bar === undefined || measured.value <= bar;
  results[figure.name] = { ...measured, unit, ...(bar !== undefined && { bar }), ok };
  if (!values.json) process.stdout.write(`${renderFigure(figure, measured, ok)}\n`);
}
if (values.json) process.stdout.write(`${JSON.stringify(results)}\n`);
process.exitCode = Object.values(results).every((it) => it.ok) ? 0 : 1;

function renderFigure(
  { name, unit, bar }: Figure,
  { value, detail }: Measured,
  ok: boolean,
): string {
  const shown = Number.isInteger(value) ? String(value) : value.toFixed(3);
  const held = bar === undefined ? "" : `bar ${String(bar).padEnd(6)} ${ok ? "ok  " : "OVER"}`;
  return `${name.padEnd(28)} ${shown.padStart(8)} ${unit.padEnd(6)} ${held.padEnd(15)}  ${detail}`;
}
