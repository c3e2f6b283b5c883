import { nextRuns, parseSchedule } from "@opspec/runtime/schedule";
import type { OutputMap } from "@pulumi/pulumi/automation/index.js";
import type {
  JobModel,
  ScheduleModel,
  ServiceModel,
  StackModel,
} from "../../infra/model/stack-model.ts";

/** What a stack consists of, for people: services with their disks, jobs with local and UTC times. */
export function renderStack(model: StackModel, outputs: OutputMap, now: Date): string {
  const urls = new Map(
    Object.entries((outputs["services"]?.value ?? {}) as Record<string, { url?: string }>),
  );
  return [
    ...model.services.map(
      (it) => `  service ${it.key}: ${renderService(it, urls.get(it.key)?.url)}`,
    ),
    ...model.jobs.map((it) => `  job ${it.key}: ${renderJob(it, now)}`),
  ].join("\n");
}

function renderService({ name, plan, disk }: ServiceModel, url: string | undefined): string {
  const storage = disk
    ? `, disk ${disk.sizeGb} GB at ${disk.mountPath} (${disk.persist.join(", ")})`
    : "";
  return `${name}, ${plan}${storage}, ${url ?? "not deployed"}`;
}

function renderJob({ schedule, calls }: JobModel, now: Date): string {
  const where = calls ? `, runs in ${calls}` : "";
  return `${schedule.text}${where}; next ${renderNextRun(schedule, now)}`;
}

/** The next run in the job's own zone and in UTC, side by side. */
function renderNextRun({ pattern, timezone }: ScheduleModel, now: Date): string {
  const [next] = nextRuns(parseSchedule({ cron: pattern }, timezone), now, 1);
  if (!next) return "never";
  const at = (zone: string): string =>
    next.toLocaleString("en-GB", { timeZone: zone, dateStyle: "medium", timeStyle: "short" });
  return `${at(timezone)} ${timezone} = ${at("UTC")} UTC`;
}
