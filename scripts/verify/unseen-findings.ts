import type { StackModel } from "../../infra/model/stack-model.ts";
import { type Finding, unchecked } from "./finding.ts";

/** Why nothing is said about a run. */
export const NO_RUN_RECORDS = "run records come with the runtime, which is not there yet";

/** Why nothing is said about what is not on Render. */
export const NOT_ON_RENDER = "only what is on Render can be looked at";

/** What a stack has that nothing here can look at yet, each with the reason. */
export function unseenFindings(model: StackModel): Finding[] {
  const { containers, edge, residentJobs, resources } = model;
  return [
    ...containers.map((it) => unchecked(`container ${it.key} runs on ${it.vm}`, NOT_ON_RENDER)),
    ...(edge?.domains ?? []).map((it) =>
      unchecked(`${it.host} leads to ${"vm" in it.to ? it.to.vm : it.to.service}`, NOT_ON_RENDER),
    ),
    ...residentJobs.map(({ key, owner, schedule }) =>
      owner.kind === "vm"
        ? unchecked(`job ${key} runs on ${owner.vm}, ${schedule}`, NOT_ON_RENDER)
        : unchecked(`job ${key} runs in ${owner.service}, ${schedule}`, NO_RUN_RECORDS),
    ),
    ...(resources === undefined
      ? []
      : [unchecked(`resources of ${resources}`, "a module of their own makes them")]),
  ];
}
