import { randomUUID } from "node:crypto";
import { parseArgs } from "node:util";
import { createLogger, withTrace } from "../log/logger.ts";
import { exitCodeOf } from "../run/ending.ts";
import { callJob, type RemoteRun } from "../run/remote-run.ts";
import { ConfigurationError, type ConfigurationProblem } from "../settings/configuration-error.ts";
import { type Env, valueOf } from "../settings/env.ts";
import { loadManifest, MANIFEST_VARIABLE } from "../settings/manifest.ts";
import { resolveSecretFiles } from "../settings/secret-file.ts";
import { readArguments, type RuntimeCommand, UsageError, usageLine } from "./command.ts";

const URL_VARIABLE = "OPSPEC_CALL_URL";
const TOKEN_VARIABLE = "OPSPEC_CALL_TOKEN";

/** A deploy of a service with a disk takes it away for minutes; after this it is not a deploy any more. */
const AWAY_SECONDS_MAX = 600;

/** Lets the service that owns a job run it, and ends as the run did: for a cron job without the disk. */
export const call: RuntimeCommand = {
  name: "call",
  usage: "<job> [--by <who>] [--wait <seconds>]",
  summary: `has the service at ${URL_VARIABLE} run a job, waits for it, and exits as the run did`,
  async run(args, environment) {
    const target = targetOf(args);
    const { job } = target;
    const hasManifest = valueOf(environment, MANIFEST_VARIABLE) !== undefined;
    const manifest = hasManifest ? loadManifest(environment) : undefined;
    const env = resolveSecretFiles(environment);
    const runId = randomUUID();
    const log = createLogger({ manifest, env, name: "call" });
    const record = await callJob(
      { ...target, runId, ...serviceOf(env) },
      withTrace(log, manifest, runId).child({ job }),
    );
    const { job: _, ...fields } = record;
    log.child({ job })[exitCodeOf(record) === 0 ? "info" : "error"](fields, "run");
    return exitCodeOf(record);
  },
};

function targetOf(args: readonly string[]): Pick<RemoteRun, "job" | "actor" | "awayMsMax"> {
  const { values, positionals } = readArguments(call, () =>
    parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { by: { type: "string" }, wait: { type: "string" } },
    }),
  );
  const [job, ...others] = positionals;
  if (job === undefined || others.length > 0) throw new UsageError(usageLine(call));
  const waitSeconds = Number(values.wait ?? AWAY_SECONDS_MAX);
  if (!Number.isInteger(waitSeconds) || waitSeconds < 0) throw new UsageError(usageLine(call));
  const actor = values.by === undefined ? "call" : `manual ${values.by}`;
  return { job, actor, awayMsMax: waitSeconds * 1000 };
}

function serviceOf(env: Env): { url: URL; token: string } {
  const url = valueOf(env, URL_VARIABLE);
  const token = valueOf(env, TOKEN_VARIABLE);
  const isUrl = url !== undefined && URL.canParse(url);
  const problems: ConfigurationProblem[] = [];
  if (!isUrl) {
    const message = url === undefined ? "is not set." : "is not a URL.";
    problems.push({ where: URL_VARIABLE, message, remedy: "Give the address of the service." });
  }
  if (token === undefined) {
    const remedy = "Give the token with which the service opens its ops paths.";
    problems.push({ where: TOKEN_VARIABLE, message: "is not set.", remedy });
  }
  if (!isUrl || token === undefined) throw new ConfigurationError(problems);
  return { url: new URL(url), token };
}
