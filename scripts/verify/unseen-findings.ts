import type { StackModel } from "../../infra/model/stack-model.ts";
import { type Finding, unchecked } from "./finding.ts";
import { NOT_ON_RENDER } from "./unchecked-reasons.ts";

/** The parts of a stack that cannot be checked yet, each with the reason. */
export function unseenFindings({ containers, edge, resources }: StackModel): Finding[] {
  return [
    ...containers.map((it) => unchecked(`container ${it.key} runs on ${it.vm}`, NOT_ON_RENDER)),
    ...(edge?.domains ?? []).map((it) =>
      unchecked(`${it.host} points to ${"vm" in it.to ? it.to.vm : it.to.service}`, NOT_ON_RENDER),
    ),
    ...(resources === undefined
      ? []
      : [unchecked(`resources of ${resources}`, "a separate module creates them")]),
  ];
}
