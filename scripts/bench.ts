import { parseArgs } from "node:util";
import type { Figure, Measured } from "./bench/figure.ts";
import { largeStack } from "./bench/large-stack.ts";
import { pluginSpawn } from "./bench/plugin-spawn.ts";
import { renderStackFigures } from "./bench/render-stacks.ts";

/** Every figure, in the order in which it is printed. */
const FIGURES: readonly Figure[] = [pluginSpawn, ...largeStack, ...renderStackFigures];

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

const results: Record<string, { value: number; bar: number; unit: string; ok: boolean }> = {};
for (const figure of chosen) {
  const measured = await figure.measure();
  const { bar, unit } = figure;
  const ok = measured.value <= bar;
  results[figure.name] = { value: measured.value, bar, unit, ok };
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
  return `${name.padEnd(28)} ${shown.padStart(8)} ${unit.padEnd(6)} bar ${String(bar).padEnd(6)} ${ok ? "ok  " : "OVER"}  ${detail}`;
}
