import { Counter, Gauge, type Registry } from "prom-client";

/** A metric whose values are read when they are asked for. */
export interface ReadMetric {
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly string[];
  /** Every value now; what is not among them is absent from the answer. */
  readonly read: () => readonly ReadValue[];
}

export type ReadValue = readonly [
  labels: Readonly<Record<string, string | undefined>>,
  value: number,
];

/** Registers a value that goes up and down. */
export function readGauge(registry: Registry, { name, help, labels = [], read }: ReadMetric): void {
  const gauge = new Gauge({
    name,
    help,
    labelNames: labels,
    registers: [],
    collect() {
      this.reset();
      for (const [of, value] of read()) this.set(given(of), value);
    },
  });
  registry.registerMetric(gauge);
}

/** Registers a count that something else keeps. */
export function readCounter(
  registry: Registry,
  { name, help, labels = [], read }: ReadMetric,
): void {
  const counter = new Counter({
    name,
    help,
    labelNames: labels,
    registers: [],
    collect() {
      this.reset();
      for (const [of, value] of read()) this.inc(given(of), value);
    },
  });
  registry.registerMetric(counter);
}

function given(labels: ReadValue[0]): Record<string, string> {
  return Object.fromEntries(
    Object.entries(labels).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
  );
}
