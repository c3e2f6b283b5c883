import { readFileSync } from "node:fs";
import { join } from "node:path";
import type * as app from "@opspec/runtime/app";
import { APP_ROUTES, type AppRoute } from "../../runtime/src/supervise/app-api/routes.ts";
import { CHECKOUT } from "../workspace/paths.ts";
import { code, renderTable, type Row } from "./markdown.ts";

/** A complete client; a test runs it against the runtime. */
const EXAMPLE = "runtime/examples/report.py";

/** Body and meaning of each request that an app may send. */
const ASKS: Readonly<Record<string, readonly [body: string, says: string]>> = {
  "POST /components/<name>": [
    "{ ok, detail?, latencyMs? }",
    "Reports the state of a component. The name is the one of a `component` check, or the connection of the watchdog. A component that never reported is not ok.",
  ],
  "POST /heartbeats/<name>": [
    "{ ageMs? }",
    "Reports a heartbeat that is `ageMs` old, for example of an event loop. The name is the one of a `heartbeat` check or of the watchdog.",
  ],
  "POST /runs/start": [
    "{ job }",
    "Starts the record of a run of a job `by: app`. The answer is `{ runId }`.",
  ],
  "POST /runs/end": [
    "{ runId, status, attempt?, error?, details? }",
    "Finishes the run: `ok`, `failed`, `timed-out`, `skipped` or `interrupted`. A run that did not finish before the app ended is recorded as `lost`.",
  ],
  "POST /runs": [
    "{ job, status, durationMs, startedAt?, attempt?, error?, details? }",
    "Records a finished run in one request.",
  ],
  "POST /events/<name>": [
    "{ labels? }",
    "Counts an event in `opspec_events_total`, which rules can read.",
  ],
  "POST /ready": [
    "{ ready, reason? }",
    "Sets the app's readiness. From the first call on, `/readyz` includes it.",
  ],
  "GET /toggles/<name>": ["", "The answer is `{ on, reason }`, the same that jobs see."],
  "GET /caches/<name>": [
    "",
    "The answer is `{ rows, snapshot }`; `rows` is null until the first refresh.",
  ],
  "GET /caches": ["", "The answer is `{ caches }`: the snapshot of each of them."],
  "POST /refreshes/<name>": [
    "{ actor }",
    "Refreshes one cache, or `all`. The answer is `{ refreshed, running }` with the telemetry of each; `running` lists those that take longer than 20 s.",
  ],
  "POST /reload": [
    "{}",
    "Reads toggles again and marks caches as stale. The answer is `{ toggles, caches, manifest }`.",
  ],
  "POST /restart": [
    "{ actor, reason? }",
    "Stops the app gracefully and starts it again. Health reports the restart; it does not count as a crash.",
  ],
};

/** The exports of `@opspec/runtime/app` for Node apps. */
const EXPORTS: Readonly<Record<keyof typeof app, string>> = {
  defineJob:
    "Defines a job of the app for `uses: command`. The job gets its run as a context, is aborted by `signal`, and exits with the right exit code.",
  createHealth: "The manifest's checks, paths and answers as a `(Request) => Response` handler.",
  createLogger: "Logs one JSON object per line, with secrets redacted by value and by name.",
  nodeListener: "Turns a handler into a listener for `node:http`.",
  honoHealth: "Turns health into a Hono middleware.",
  fastifyHealth: "Turns health into a Fastify plugin.",
  CheckError: "An error that a check throws to report its own reason.",
  JobFailure: "An error that a job throws to set its exit code and details.",
  ConfigurationError: "The configuration is wrong. Lists all problems; exit code 78.",
};

/** The variables of a supervised app, and of a job's command. */
const VARIABLES: readonly Row[] = [
  [code("OPSPEC_URL"), "app", "Address of the app API, on loopback."],
  [code("OPSPEC_TOKEN"), "app", "Sent as `Authorization: Bearer …`; new at each start."],
  [
    code("PORT"),
    "app",
    "The port on which the app must listen. Behind the reverse proxy it is a private port.",
  ],
  [code("OPSPEC_JOB"), "a job's command", "The job's key."],
  [code("OPSPEC_RUN_ID"), "a job's command", "Id of the run, the same for all its attempts."],
  [code("OPSPEC_SCHEDULED_FOR"), "a job's command", "The slot, ISO 8601 in UTC."],
  [code("OPSPEC_ATTEMPT"), "a job's command", "1 for the first attempt, then 2, 3, …."],
  [
    code("OPSPEC_ACTOR"),
    "a job's command",
    "`schedule`, `call`, `start`, `catch-up` or `manual <who>`.",
  ],
];

/** How apps in any language, and Node apps, talk to the runtime. */
export function renderAppPage(): string {
  return [
    "A supervised app sends JSON requests to the runtime over loopback and gets JSON answers. 401: the token is wrong. 404: the manifest does not declare the name; the answer lists the declared ones. 400: the body is wrong.",
    renderTable(["request", "body", "says"], APP_ROUTES.map(askRow)),
    "### Variables",
    renderTable(["variable", "set for", "says"], VARIABLES),
    "### An app in Python",
    `\`\`\`python\n${readFileSync(join(CHECKOUT, EXAMPLE), "utf8")}\`\`\``,
    `### ${code("@opspec/runtime/app")}`,
    "For Node apps. The runtime's folder has the same module as `app.mjs`.",
    renderTable(
      ["export", "is"],
      Object.entries(EXPORTS).map(([name, says]) => [code(name), says]),
    ),
  ].join("\n\n");
}

function askRow({ method, path }: AppRoute): Row {
  const request = `${method} ${path.replace(/:.*/, "<name>")}`;
  const asks = ASKS[request];
  if (!asks) throw new Error(`app-page.ts: has no text for ${request}. Add one there.`);
  const [body, says] = asks;
  return [code(request), body === "" ? "" : code(body), says];
}
