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
import { readArguments, type RuntimeCommand, UsageError, usageLine, inputOf } from "./command.ts";

const URL_VARIABLE = "OPSPEC_CALL_URL";

/** Default time that the service may be away: a deploy of a service with a disk takes minutes. */
const AWAY_SECONDS_MAX = 600;

/** Runs a job in the service that owns it, for a cron job that has no disk. */
export const call: RuntimeCommand = {
  name: "call",
  usage: "<job> [--by <who>] [--input <name>=<value>]… [--dry-run] [--wait <seconds>]",
  summary: `runs a job in the service at ${URL_VARIABLE}, or in the service of this instance, and exits with the code of the run`,
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
      ? `Set it to the address of the service, or set ${OPS_TOKEN} to call the service of this instance.`
      : "Set it to the address of the service.";
    problems.push({ where: URL_VARIABLE, message, remedy });
  }
  if (token === undefined) {
    const remedy = "Set it to the token that opens the ops paths of the service.";
    problems.push({ where: CALL_TOKEN, message: "is not set.", remedy });
  }
  if (!isUrl || token === undefined) throw new ConfigurationError(problems);
  return { url: new URL(url), token };
}

/**
 * The service of this instance, with the operators' token, for a person in its shell: the process
 * that supervises the app must run a job that stops the app.
 */
function ownService(env: Env, { app }: RuntimeManifest): Service | undefined {
  const port = app?.front ? valueOf(env, "PORT") : app?.opsPort;
  const token = valueOf(env, OPS_TOKEN);
  if (port === undefined || token === undefined) return undefined;
  return { url: new URL(`http://127.0.0.1:${port}`), token };
}
