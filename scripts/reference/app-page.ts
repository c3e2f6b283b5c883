import { readFileSync } from "node:fs";
import { join } from "node:path";
import type * as app from "@opspec/runtime/app";
import { ENDPOINTS } from "../../runtime/src/supervise/app-api/handler.ts";
import { CHECKOUT } from "../workspace/paths.ts";
import { code, renderTable, type Row } from "./markdown.ts";

/** A complete client, tested with the runtime. */
const EXAMPLE = "runtime/examples/report.py";

/** Path, body and meaning of what the app may ask, by the first part of its path. */
const ASKS: Readonly<Record<string, readonly (readonly [string, string, string])[]>> = {
  components: [
    [
      "/components/<name>",
      "{ ok, detail?, latencyMs? }",
      "How a part of the app is. The name is one of a `component` check, or the connection of the watchdog. One that never reported is not ok.",
    ],
  ],
  heartbeats: [
    [
      "/heartbeats/<name>",
      "{ ageMs? }",
      "A sign of life, `ageMs` old (of an event loop, say). The name is one of a `heartbeat` check or of the watchdog.",
    ],
  ],
  runs: [
    ["/runs/start", "{ job }", "A run of a job `by: app` begins; the answer is `{ runId }`."],
    [
      "/runs/end",
      "{ runId, status, attempt?, error?, details? }",
      "It ended: `ok`, `failed`, `timed-out`, `skipped` or `interrupted`. A run that began and did not end before the app did is recorded as `lost`.",
    ],
    [
      "/runs",
      "{ job, status, durationMs, startedAt?, attempt?, error?, details? }",
      "A run that is over, told in one step.",
    ],
  ],
  events: [
    [
      "/events/<name>",
      "{ labels? }",
      "Something happened: counted in `opspec_events_total`, for rules.",
    ],
  ],
  ready: [
    [
      "/ready",
      "{ ready, reason? }",
      "The app takes part in readiness, from the first time that it says so.",
    ],
  ],
  toggles: [["/toggles/<name>", "", "The answer is `{ on, reason }`, the same as jobs get."]],
  caches: [
    [
      "/caches/<name>",
      "",
      "The answer is `{ rows, snapshot }`; `rows` is null until the first refresh.",
    ],
    ["/caches", "", "The answer is `{ caches }`: the snapshot of each of them."],
  ],
  refreshes: [
    [
      "/refreshes/<name>",
      "{ actor }",
      "Somebody asked the app to refresh a cache, or `all`: the answer is `{ refreshed, running }` with the telemetry of each; `running` are those that go on after 20 s.",
    ],
  ],
  reload: [
    [
      "/reload",
      "{}",
      "Toggles are read again and caches count as too old: the answer is `{ toggles, caches, manifest }`.",
    ],
  ],
  restart: [
    [
      "/restart",
      "{ actor, reason? }",
      "The app is ended in order and started again, and its health says so meanwhile; it does not count as a crash.",
    ],
  ],
};

/** What `@opspec/runtime/app` gives to a Node app. */
const EXPORTS: Readonly<Record<keyof typeof app, string>> = {
  defineJob:
    "A job of the app's own for `uses: command`: gets its run as a context, hears of its end by `signal`, ends with the right exit code.",
  createHealth: "Checks, paths and answers as the manifest says them, as `(Request) => Response`.",
  createLogger: "One JSON object a line, with secrets hidden by value and by name.",
  nodeListener: "A handler as a listener for `node:http`.",
  honoHealth: "A health as a middleware for Hono.",
  fastifyHealth: "A health as a plugin for Fastify.",
  CheckError: "What a check throws to say what is wrong in words of its own.",
  JobFailure: "What a job throws to say with which exit code, and with which details, it failed.",
  ConfigurationError: "The configuration is wrong, all problems at once; ends with 78.",
};

/** What the environment of an app under supervision, and of a job's command, says. */
const VARIABLES: readonly Row[] = [
  [code("OPSPEC_URL"), "app", "Where the runtime listens, on this machine only."],
  [code("OPSPEC_TOKEN"), "app", "Sent as `Authorization: Bearer …`; new at each start."],
  [code("PORT"), "app", "Where the app listens: a port of its own when the runtime is in front."],
  [code("OPSPEC_JOB"), "command of a job", "The job's key."],
  [code("OPSPEC_RUN_ID"), "command of a job", "One id for all attempts of a run."],
  [code("OPSPEC_SCHEDULED_FOR"), "command of a job", "The slot, ISO 8601 in UTC."],
  [code("OPSPEC_ATTEMPT"), "command of a job", "1, and more when it is tried again."],
  [
    code("OPSPEC_ACTOR"),
    "command of a job",
    "`schedule`, `call`, `start`, `catch-up` or `manual <who>`.",
  ],
];

/** How an app in any language, and a Node app, talks to the runtime. */
export function renderAppPage(): string {
  return [
    "An app that the runtime supervises asks it over loopback: JSON in, JSON out. 401: the token is wrong; 404: the manifest declares no such name, and the answer says which it does; 400: the body is wrong.",
    renderTable(["request", "body", "says"], Object.entries(ENDPOINTS).flatMap(askRows)),
    "### Variables",
    renderTable(["variable", "in the environment of", "says"], VARIABLES),
    "### An app in Python",
    `\`\`\`python\n${readFileSync(join(CHECKOUT, EXAMPLE), "utf8")}\`\`\``,
    `### ${code("@opspec/runtime/app")}`,
    "For Node apps; `app.mjs` in the runtime's folder is the same.",
    renderTable(
      ["export", "is"],
      Object.entries(EXPORTS).map(([name, says]) => [code(name), says]),
    ),
  ].join("\n\n");
}

function askRows([what, { method }]: [string, { readonly method: string }]): Row[] {
  const asks = ASKS[what];
  if (!asks) throw new Error(`app-page.ts: says nothing of /${what}. Describe it there.`);
  return asks.map(([path, body, says]) => [
    code(`${method} ${path}`),
    body === "" ? "" : code(body),
    says,
  ]);
}
