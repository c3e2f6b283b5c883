import { nearest, type Problem, SpecError, UsageError } from "./errors.ts";
import { validateMeaning } from "./model/validate.ts";
import { modelStack } from "./model/model.ts";
import { applyOverlay } from "./model/overlay.ts";
import type { StackModel } from "./model/stack-model.ts";
import { type LoadedSpec, loadStackSpec, withPlace } from "./spec/parse.ts";
import type { StackSpec } from "./spec/stack.ts";

/** A stack's spec and its resolved model. */
export interface LoadedStack {
  readonly spec: StackSpec;
  readonly model: StackModel;
  /** The file and the places of the spec, for messages. */
  readonly source: Pick<LoadedSpec, "file" | "places">;
}

export interface LoadOptions {
  /** Directory of the specs. Default: `stacks/` of the checkout. */
  readonly stacksDir?: string;
  /** Overlay to apply. */
  readonly overlay?: string;
}

/**
 * Reads and resolves `stacks/<stack>.ops.yaml`. @throws SpecError with all problems of the
 * schema and the rules
 */
export function loadStack(stackName: string, options: LoadOptions = {}): LoadedStack {
  return resolveStack(stackName, loadStackSpec(stackName, options.stacksDir), options.overlay);
}

/** Resolves a parsed spec. */
export function resolveStack(stackName: string, loaded: LoadedSpec, overlay?: string): LoadedStack {
  const { file, places } = loaded;
  const spec = loaded.spec && withOverlay(loaded.spec, file, overlay);
  const { model, problems } = spec
    ? modelStack(stackName, spec)
    : { model: undefined, problems: meaningOfRest(loaded) };
  const inOverlays = spec && model ? overlayProblems(spec) : [];
  if (spec && model && inOverlays.length === 0) return { spec, model, source: { file, places } };
  const placed = [...loaded.problems, ...problems, ...inOverlays].map((problem) =>
    withPlace(problem, places),
  );
  throw new SpecError(file, placed);
}

/** Problems that only an overlay causes, each at the overlay's own line. */
function overlayProblems(spec: StackSpec): Problem[] {
  return Object.entries(spec.overlays ?? {}).flatMap(([key, { env }]) => {
    const found = validateMeaning(applyOverlay(spec, key)).map((problem): Problem => {
      const name = /\/env\/([^/]+)$/.exec(problem.path)?.[1];
      if (name !== undefined && name in env) {
        return { ...problem, path: `overlays/${key}/env/${name}` };
      }
      return { ...problem, path: `overlays/${key}`, message: `${problem.path} ${problem.message}` };
    });
    // A variable of several services has the same problem in each service.
    return [...new Map(found.map((it) => [`${it.path} ${it.message}`, it])).values()];
  });
}

function withOverlay(spec: StackSpec, file: string, overlay: string | undefined): StackSpec {
  if (overlay === undefined) return spec;
  const known = Object.keys(spec.overlays ?? {});
  if (known.includes(overlay)) return applyOverlay(spec, overlay);
  const near = nearest(overlay, known);
  const hint =
    near === undefined ? `Overlays: ${known.join(", ") || "none"}.` : `Did you mean "${near}"?`;
  throw new UsageError(`${file}: there is no overlay "${overlay}". ${hint}`);
}

/**
 * Problems of the rules in the valid parts of a spec. A rule does not report the absence of a
 * part that was dropped as invalid, because the schema already reports that part.
 */
function meaningOfRest({ partial, problems: shape, meant }: LoadedSpec): Problem[] {
  return validateMeaning(partial).filter(
    ({ path }) =>
      !meant.includes(path) &&
      !shape.some((it) => it.path === path || it.path.startsWith(`${path}/`)),
  );
}
