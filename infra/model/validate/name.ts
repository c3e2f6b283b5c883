import type { Problem } from "../../errors.ts";
import type { PartialStackSpec } from "../../spec/stack.ts";
import { entriesOf } from "../entries.ts";
import { partName, RENDER_NAME_LENGTH_MAX, serviceName, SUMMER_SUFFIX } from "../names.ts";
import { isTwoCrons } from "../seasons.ts";

interface Named {
  readonly path: string;
  readonly name: string;
}

/** Refuses names that Render would refuse, and duplicate names. */
export function validateNames(spec: PartialStackSpec): Problem[] {
  const named = renderNames(spec);
  return [...named.flatMap(tooLong), ...duplicates(named)];
}

function renderNames(spec: PartialStackSpec): Named[] {
  const { system } = spec;
  if (system === undefined) return [];
  const services = entriesOf(spec.services);
  return [
    ...services
      .filter(([, { type }]) => type !== "container")
      .map(([key, service]) => ({
        path: namePath(`services/${key}`, service.name),
        name: service.name ?? serviceName(system, key, services.length),
      })),
    ...entriesOf(spec.jobs)
      .filter(([, job]) => job.on === "render")
      .flatMap(([key, job]) => {
        const path = namePath(`jobs/${key}`, job.name);
        const name = job.name ?? partName(system, key);
        const isTwo = job.schedule !== undefined && isTwoCrons(job.schedule);
        const suffixes = isTwo ? ["", SUMMER_SUFFIX] : [""];
        return suffixes.map((suffix) => ({ path, name: `${name}${suffix}` }));
      }),
  ];
}

function namePath(path: string, name: string | undefined): string {
  return name === undefined ? path : `${path}/name`;
}

function tooLong({ path, name }: Named): Problem[] {
  if (name.length <= RENDER_NAME_LENGTH_MAX) return [];
  return [
    {
      path,
      message: `its name on Render, "${name}", has ${name.length} characters and may have ${RENDER_NAME_LENGTH_MAX}.`,
      remedy: "Give it a shorter name: or key.",
    },
  ];
}

function duplicates(named: readonly Named[]): Problem[] {
  const first = new Map<string, string>();
  return named.flatMap(({ path, name }) => {
    const other = first.get(name);
    if (other === undefined) {
      first.set(name, path.replace(/\/name$/, ""));
      return [];
    }
    const message = `has the name "${name}" on Render, which ${other} has too.`;
    return [{ path, message, remedy: "Give one of them another name:." }];
  });
}
