import { parseDuration } from "@opspec/runtime/schedule";
import type { Problem } from "../../errors.ts";
import type { ServiceSpec } from "../../spec/service.ts";
import type { DeepPartial, PartialStackSpec } from "../../spec/stack.ts";
import { entriesOf } from "../entries.ts";

/** Longest time that Render waits between SIGTERM and SIGKILL. @see https://render.com/docs/deploys#graceful-shutdown */
const SHUTDOWN_SECONDS_MAX = 300;

type ServicePart = DeepPartial<ServiceSpec>;

/** Refuses instance numbers, autoscaling and shutdown delays that Render does not support. */
export function validateScaling(spec: PartialStackSpec): Problem[] {
  return entriesOf(spec.services).flatMap(([key, service]) => [
    ...autoscaleProblems(`services/${key}`, service),
    ...freeProblems(`services/${key}`, service),
    ...shutdownProblems(`services/${key}`, service),
  ]);
}

function autoscaleProblems(path: string, { autoscale, instances }: ServicePart): Problem[] {
  if (!autoscale) return [];
  const { min, max, cpuPercent, memoryPercent } = autoscale;
  const problems: Problem[] = [];
  if (min !== undefined && max !== undefined && max < min) {
    problems.push({
      path: `${path}/autoscale/max`,
      message: `is smaller than min, got ${max} < ${min}.`,
      remedy: "Swap them.",
    });
  }
  if (cpuPercent === undefined && memoryPercent === undefined) {
    problems.push({
      path: `${path}/autoscale`,
      message: "has no target.",
      remedy: "Set cpuPercent, memoryPercent or both.",
    });
  }
  if (instances !== undefined) {
    problems.push({
      path: `${path}/instances`,
      message: "is ignored while autoscale is on.",
      remedy: "Keep one of them.",
    });
  }
  return problems;
}

function freeProblems(
  path: string,
  { plan, type, instances, autoscale, preDeploy }: ServicePart,
): Problem[] {
  if (plan !== "free") return [];
  const scales = autoscale !== undefined || (instances ?? 1) > 1;
  const refused = [
    type !== "web" && { at: "plan", message: "only a web service can be on the free plan." },
    scales && {
      at: autoscale ? "autoscale" : "instances",
      message: "a service on the free plan has one instance.",
    },
    preDeploy !== undefined && {
      at: "preDeploy",
      message: "the free plan runs no pre-deploy command.",
    },
  ].filter((it) => it !== false);
  return refused.map(({ at, message }) => ({
    path: `${path}/${at}`,
    message,
    remedy: "Use plan: starter or a larger one.",
  }));
}

function shutdownProblems(path: string, { shutdown }: ServicePart): Problem[] {
  if (shutdown === undefined || parseDuration(shutdown) <= SHUTDOWN_SECONDS_MAX) return [];
  return [
    {
      path: `${path}/shutdown`,
      message: `Render waits at most ${SHUTDOWN_SECONDS_MAX}s, got "${shutdown}".`,
      remedy: "Use a shorter time, also for the work that must finish in it.",
    },
  ];
}
