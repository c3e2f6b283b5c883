/** One step from the root of a resource's properties: a name, or the index of an item. */
export type PathStep = string | number;

/** A path as Pulumi writes it: `disk.sizeGb`, `env["A.B"]`, `rules[0].name`. */
export function renderPath(steps: readonly PathStep[]): string {
  return steps.map(renderStep).join("").replace(/^\./, "");
}

const PLAIN_NAME = /^[A-Za-z_][A-Za-z0-9_-]*$/;

function renderStep(step: PathStep): string {
  if (typeof step === "number") return `[${step}]`;
  return PLAIN_NAME.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`;
}
