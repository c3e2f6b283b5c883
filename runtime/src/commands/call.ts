import { randomUUID } from "node:crypto";
import { parseArgs } from "node:util";
import type { RuntimeManifest } from "../contract/manifest.ts";
import { createLogger, withTrace } from "../log.ts";
import { CALL_TOKEN, OPS_TOKEN } from "../contract/manifest.ts";
import { exitCodeOf } from "../run/run-outcome.ts";
import { callJob, type RemoteRun } from "../run/remote-run.ts";
import { ConfigurationError, type ConfigurationProblem } from "../contract/configuration-error.ts";
import { type Env, valueOf } from "../contract/env.ts";
import { loadManifest, MANIFEST_VARIABLE } from "../contract/load-manifest.ts";
import { resolveSecretFiles } from "../contract/secret-file.ts";
import { readArguments, type RuntimeCommand, UsageError, usageLine } from "./command.ts";
import { inputOf } from "./input-argument.ts";

const URL_VARIABLE = "OPSPEC_CALL_URL";

/** A deploy of a service with a disk takes it away for minutes; after this it is not a deploy any more. */
const AWAY_SECONDS_MAX = 600;

/** Lets the service that owns a job run it, and ends as the run did: for a cron job without the disk. */
export const call: RuntimeCommand = {
  name: "call",
  usage: "<job> [--by <who>] [--input <name>=<value>]… [--dry-run] [--wait <seconds>]",
  summary: `has the service at ${URL_VARIABLE}, or the one of this instance, run a job, and exits as the run did`,
  async run(args, environment) {
    const target = targetOf(args);
    const { job } = target;
    const hasManifest = valueOf(environment, MANIFEST_VARIABLE) !== undefined;
    const manifest = hasManifest ? loadManifest(environment) : undefined;
    const env = resolveSecretFiles(environment);
    const runId = randomUUID();
    const log = createLogger({ manifest, env, name: "call" });
    const record = await callJob(
      { ...target, runId, ...serviceOf(env, manifest) },
      withTrace(log, manifest, runId).child({ job }),
    );
    const { job: _, ...fields } = record;
    log.child({ job })[exitCodeOf(record) === 0 ? "info" : "error"](fields, "run");
    return exitCodeOf(record);
  },
};

type Target = Pick<RemoteRun, "job" | "actor" | "awayMsMax" | "input" | "dryRun">;

function targetOf(args: readonly string[]): Target {
  const { values, positionals } = readArguments(call, () =>
    parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        by: { type: "string" },
        input: { type: "string", multiple: true, default: [] },
        "dry-run": { type: "boolean", default: false },
        wait: { type: "string" },
      },
    }),
  );
  const [job, ...others] = positionals;
  if (job === undefined || others.length > 0) throw new UsageError(usageLine(call));
  const waitSeconds = Number(values.wait ?? AWAY_SECONDS_MAX);
  if (!Number.isInteger(waitSeconds) || waitSeconds < 0) throw new UsageError(usageLine(call));
  const actor = values.by === undefined ? "call" : `manual ${values.by}`;
  const input = inputOf(values.input);
  return { job, actor, awayMsMax: waitSeconds * 1000, input, dryRun: values["dry-run"] };
}

type Service = Pick<RemoteRun, "url" | "token">;

function serviceOf(env: Env, manifest: RuntimeManifest | undefined): Service {
  const own = manifest && valueOf(env, URL_VARIABLE) === undefined && ownService(env, manifest);
  if (own) return own;
  const url = valueOf(env, URL_VARIABLE);
  const token = valueOf(env, CALL_TOKEN);
  const isUrl = url !== undefined && URL.canParse(url);
  const problems: ConfigurationProblem[] = [];
  if (!isUrl) {
    const message = url === undefined ? "is not set." : "is not a URL.";
    const remedy = manifest?.app
      ? `Give the address of the service; or ${OPS_TOKEN}, to ask the one of this instance.`
      : "Give the address of the service.";
    problems.push({ where: URL_VARIABLE, message, remedy });
  }
  if (token === undefined) {
    const remedy = "Give the token with which the service opens its ops paths.";
    problems.push({ where: CALL_TOKEN, message: "is not set.", remedy });
  }
  if (!isUrl || token === undefined) throw new ConfigurationError(problems);
  return { url: new URL(url), token };
}

/**
 * The service that supervises the app of this very instance, with the operators' token: what a person
 * in its shell means. There a job that stops the app is run by the process that supervises it.
 */
function ownService(env: Env, { app }: RuntimeManifest): Service | undefined {
  const port = app?.front ? valueOf(env, "PORT") : app?.opsPort;
  const token = valueOf(env, OPS_TOKEN);
  if (port === undefined || token === undefined) return undefined;
  return { url: new URL(`http://127.0.0.1:${port}`), token };
}
