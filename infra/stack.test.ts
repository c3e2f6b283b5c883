import { expect, test } from "vitest";
import { SpecError } from "./errors.ts";
import { listStacks, parseStackSpec } from "./spec/parse.ts";
import { loadStack, resolveStack } from "./stack.ts";

const STACKS = [
  "c1c-recruitment",
  "chorizaurio",
  "joslyn-ai",
  "joslyn-ai-staging",
  "parlay-gorilla",
  "sample",
  "vega-cockpit",
];

test("the stacks of the repository are these", () => {
  expect(listStacks()).toEqual(STACKS);
});

test.each(STACKS)("%s has no problem, and its model is plain data", (stack) => {
  const { model } = loadStack(stack);

  expect(model.name).toBe(stack);
  expect(JSON.parse(JSON.stringify(model))).toEqual(model);
});

test("the jobs of the stacks run when the runbooks say", () => {
  const found = STACKS.flatMap((stack) => {
    const { jobs, inServiceJobs } = loadStack(stack).model;
    return [
      ...jobs.map((it) => `${it.name}: ${it.schedule.text} [${it.schedule.utcCron}]`),
      ...inServiceJobs.map((it) => `${stack} ${it.key} (${it.owner.kind}): ${it.schedule}`),
    ];
  });

  expect(found).toMatchInlineSnapshot(`
    [
      "c1c-recruitment cache-clans (service): every 3h, and at start",
      "c1c-recruitment cache-templates (service): every 7d",
      "c1c-recruitment cache-clan-tags (service): every 7d",
      "c1c-recruitment cache-onboarding-questions (service): every 7d",
      "c1c-recruitment cache-refresh (service): by hand",
      "c1c-recruitment cache-weekly (service): Sun 04:00 UTC",
      "c1c-recruitment http-keepalive (service): every 5m",
      "c1c-recruitment cron-summary (service): daily 00:05 UTC",
      "c1c-recruitment daily-recruiter-update (app): daily 09:30 UTC",
      "c1c-recruitment reservation-reminder (app): daily 12:00 UTC",
      "c1c-recruitment reservation-autorelease (app): daily 18:00 UTC",
      "c1c-recruitment onboarding-inactivity (app): every 15m",
      "c1c-recruitment cleanup (app): every 1d",
      "c1c-recruitment thread-keepalive (app): every 1d",
      "c1c-recruitment server-map (app): daily 00:00 UTC",
      "c1c-recruitment leagues-reminder (app): Mon, Wed 13:00 UTC",
      "chorizaurio backup-periodic (service): every 6h, and at start",
      "chorizaurio backup-aligned (service): daily 22:00 America/Montevideo = 01:00 (the next day) UTC",
      "chorizaurio backup-now (service): by hand",
      "chorizaurio restore (service): by hand",
      "chorizaurio backup-verify (service): Sun 03:00 UTC",
      "joslyn-ai-dead-letter-trim: every 1h [0 * * * *]",
      "joslyn-ai-database-purge: daily 04:30 UTC [30 4 * * *]",
      "joslyn-ai-metrics-snapshot: every 1h [0 * * * *]",
      "joslyn-ai webhook-reconcile (service): by hand",
      "joslyn-ai requeue-dead-letter (service): by hand",
      "joslyn-ai stuck-job-sweep (app): every 5m",
      "joslyn-ai ingest-pdf (app): by hand",
      "joslyn-ai-staging-dead-letter-trim: every 1h [0 * * * *]",
      "joslyn-ai-staging-database-purge: daily 04:30 UTC [30 4 * * *]",
      "joslyn-ai-staging webhook-reconcile (service): by hand",
      "joslyn-ai-staging requeue-dead-letter (service): by hand",
      "joslyn-ai-staging stuck-job-sweep (app): every 5m",
      "joslyn-ai-staging ingest-pdf (app): by hand",
      "parlay-gorilla apisports-refresh (app): every 6h",
      "parlay-gorilla apisports-daily (app): every 1d",
      "sample-report: every 1m [* * * * *]",
      "sample heartbeat (service): every 1m",
      "sample forget-visits (service): by hand",
      "vega-cockpit-alerts-flush: every 1h [0 * * * *]",
      "vega-cockpit-snapshot-heartbeat: daily 00:00, 06:00, 12:00, 18:00 UTC [0 */6 * * *]",
      "vega-cockpit-digest-weekdays: weekdays 13:00 America/Mazatlan = 20:00 UTC [0 20 * * 1-5]",
    ]
  `);
});

test("the build, start and probe texts of the stacks are exactly these", () => {
  const texts = STACKS.flatMap((stack) => {
    const { services, containers, jobs } = loadStack(stack).model;
    return [
      ...services.flatMap((it) => [
        `${stack}/${it.key} build: ${it.buildCommand ?? "-"}`,
        `${stack}/${it.key} probe: ${it.preDeployCommand ?? "-"}`,
        `${stack}/${it.key} start: ${it.startCommand ?? "-"}`,
      ]),
      ...containers.flatMap((it) => [
        `${stack}/${it.key} probe: ${it.probeCommand ?? "-"}`,
        `${stack}/${it.key} start: ${it.startCommand ?? "-"}`,
      ]),
      ...jobs.map((it) => `${stack}/${it.key} cron: ${it.command}`),
    ];
  });

  expect(texts).toMatchInlineSnapshot(`
    [
      "c1c-recruitment/bot build: -",
      "c1c-recruitment/bot probe: /opt/opspec/opspec-runtime probe cache-clan-tags cache-clans cache-onboarding-questions cache-refresh cache-templates cache-weekly cron-summary http-keepalive",
      "c1c-recruitment/bot start: /opt/opspec/opspec-runtime supervise -- python app.py",
      "chorizaurio/backend build: -",
      "chorizaurio/backend probe: /opt/opspec/opspec-runtime probe backup-aligned backup-now backup-periodic backup-verify restore",
      "chorizaurio/backend start: /opt/opspec/opspec-runtime supervise -- sh -c 'gunicorn app.main:app -k uvicorn.workers.UvicornWorker --workers 1 --bind 0.0.0.0:$PORT'",
      "chorizaurio/frontend build: -",
      "chorizaurio/frontend probe: -",
      "chorizaurio/frontend start: -",
      "joslyn-ai/web build: -",
      "joslyn-ai/web probe: -",
      "joslyn-ai/web start: -",
      "joslyn-ai/api build: -",
      "joslyn-ai/api probe: /opt/opspec/opspec-runtime probe requeue-dead-letter --command 'webhook-reconcile=pnpm webhooks:reconcile'",
      "joslyn-ai/api start: /opt/opspec/opspec-runtime supervise -- node dist/server.js",
      "joslyn-ai/worker build: -",
      "joslyn-ai/worker probe: -",
      "joslyn-ai/worker start: /opt/opspec/opspec-runtime supervise -- python -m worker",
      "joslyn-ai/dead-letter-trim cron: /opt/opspec/opspec-runtime run dead-letter-trim",
      "joslyn-ai/database-purge cron: /opt/opspec/opspec-runtime run database-purge",
      "joslyn-ai/metrics-snapshot cron: /opt/opspec/opspec-runtime run metrics-snapshot",
      "joslyn-ai-staging/web build: -",
      "joslyn-ai-staging/web probe: -",
      "joslyn-ai-staging/web start: -",
      "joslyn-ai-staging/api build: -",
      "joslyn-ai-staging/api probe: /opt/opspec/opspec-runtime probe requeue-dead-letter --command 'webhook-reconcile=pnpm webhooks:reconcile'",
      "joslyn-ai-staging/api start: /opt/opspec/opspec-runtime supervise -- node dist/server.js",
      "joslyn-ai-staging/worker build: -",
      "joslyn-ai-staging/worker probe: -",
      "joslyn-ai-staging/worker start: /opt/opspec/opspec-runtime supervise -- python -m worker",
      "joslyn-ai-staging/dead-letter-trim cron: /opt/opspec/opspec-runtime run dead-letter-trim",
      "joslyn-ai-staging/database-purge cron: /opt/opspec/opspec-runtime run database-purge",
      "parlay-gorilla/api probe: -",
      "parlay-gorilla/api start: /opt/opspec/opspec-runtime supervise -- sh -c 'gunicorn app.main:app -k uvicorn.workers.UvicornWorker --bind 0.0.0.0:$PORT'",
      "parlay-gorilla/scheduler probe: -",
      "parlay-gorilla/scheduler start: /opt/opspec/opspec-runtime supervise -- python -m app.workers.scheduler_main",
      "sample/web build: mkdir -p .opspec && cp -R vendor/opspec-runtime/. .opspec/ && .opspec/opspec-runtime probe --command 'forget-visits=rm -f data/visits.log' heartbeat --command 'report=node report.mjs'",
      "sample/web probe: -",
      "sample/web start: .opspec/opspec-runtime supervise -- node server.mjs",
      "sample/report cron: /opt/opspec/opspec-runtime call report",
      "vega-cockpit/web build: pip install -r requirements.txt && mkdir -p .opspec && curl -fsSL --retry 3 --max-time 120 -o .opspec/runtime.tar.gz https://example.com/opspec/opspec-runtime-0.1.0-linux-amd64.tar.gz && echo "0000000000000000000000000000000000000000000000000000000000000000  .opspec/runtime.tar.gz" | sha256sum -c - && tar -xzf .opspec/runtime.tar.gz -C .opspec && rm .opspec/runtime.tar.gz && .opspec/opspec-runtime probe alerts-flush digest-weekdays snapshot-heartbeat",
      "vega-cockpit/web probe: -",
      "vega-cockpit/web start: .opspec/opspec-runtime supervise -- sh -c 'streamlit run app.py --server.port $PORT --server.address 0.0.0.0'",
      "vega-cockpit/alerts-flush cron: /opt/opspec/opspec-runtime call alerts-flush",
      "vega-cockpit/snapshot-heartbeat cron: /opt/opspec/opspec-runtime call snapshot-heartbeat",
      "vega-cockpit/digest-weekdays cron: /opt/opspec/opspec-runtime call digest-weekdays",
    ]
  `);
});

test("the runbooks' own names decide what the jobs do", () => {
  const bound = STACKS.flatMap((stack) =>
    Object.entries(loadStack(stack).spec.jobs ?? {}).flatMap(([key, { options, schedule }]) => [
      ...Object.entries(options ?? {}).map(([name, value]) => ({ key, name, value })),
      ...Object.entries(("from" in schedule && schedule.from) || {}).map(([name, value]) => ({
        key,
        name,
        value: { env: value },
      })),
    ]),
  );
  const names = bound.flatMap(({ value }) =>
    typeof value === "object" && value !== null && "env" in value ? [value.env] : [],
  );

  expect([...new Set(names)].toSorted()).toEqual([
    "ALERTS_NOTIFY_STATE",
    "BACKUP_INTERVAL_HOURS",
    "BACKUP_RETAIN_COUNT",
    "BACKUP_TIMEZONE",
    "BACKUP_TIME_HOUR",
    "DB_PATH",
    "DEAD_LETTER_KEEP",
    "DIGEST_ATTACHMENTS",
    "JOB_DEAD_LETTER_QUEUE",
    "KEEPALIVE_INTERVAL",
  ]);
});

test("what the previews of the stacks say besides the changes is exactly this", () => {
  const notes = STACKS.flatMap((stack) =>
    loadStack(stack).model.notes.map((it) => `${stack}: ${it}`),
  );

  expect(notes).toMatchInlineSnapshot(`
    [
      "c1c-recruitment: services/bot has neither a disk nor stores/coordination: while a new version starts, the old one runs beside it, and both may run cache-clans, cache-templates, cache-clan-tags and 13 more.",
      "joslyn-ai: services/api/env/INTERNAL_SELF_BASE is set after "api" exists, because it is the service's own address.",
      "joslyn-ai-staging: services/api/env/INTERNAL_SELF_BASE is set after "api" exists, because it is the service's own address.",
    ]
  `);
});

test("what two services share has one source in joslyn-ai, and no address is a plain http one", () => {
  const { services, envGroups, databases } = loadStack("joslyn-ai").model;
  const sharers = services.filter((it) => it.env["API_JWT_SECRET"]).map((it) => it.key);

  expect(sharers).toEqual(["web", "api"]);
  expect(envGroups[0]?.env["INTERNAL_API_KEY"]).toEqual({
    kind: "secret",
    secret: "INTERNAL_API_KEY",
  });
  expect(services.find((it) => it.key === "api")?.env["PUBLIC_BASE_URL"]).toEqual({
    kind: "text",
    text: "https://app.joslyn.example.com",
  });
  expect(databases[0]?.pulumi).toEqual({ protect: true });
});

test("staging is its own system with its own names and data", () => {
  const { model } = loadStack("joslyn-ai-staging");

  expect(model.environment).toBe("staging");
  expect(model.services.map((it) => it.name)).toEqual([
    "iep-ally-web-staging",
    "iep-ally-api-staging",
    "iep-ally-worker-staging",
  ]);
  expect(model.databases[0]).toMatchObject({ name: "joslyn-ai-staging-main", plan: "basic_256mb" });
  expect(model.project).toEqual({
    name: "Joslyn AI",
    existing: true,
    environment: { name: "staging", protected: false, isolated: false },
  });
});

test("containers on a VM use the external addresses of what is on Render", () => {
  const { containers, edge } = loadStack("parlay-gorilla").model;

  expect(containers.map((it) => [it.key, it.env["DATABASE_URL"]])).toEqual([
    ["api", { kind: "database", database: "main", property: "externalUrl" }],
    ["scheduler", { kind: "database", database: "main", property: "externalUrl" }],
  ]);
  expect(edge?.domains).toEqual([
    { key: "api", host: "api.parlaygorilla.example.com", to: { vm: "main" }, proxied: true },
  ]);
});

test("a stack that does not exist is refused with the nearest and the list", () => {
  expect(() => loadStack("vega-cokpit")).toThrow(
    `stacks: there is no stack "vega-cokpit". Did you mean "vega-cockpit"? Stacks: ${STACKS.join(", ")}.`,
  );
});

test("an error of a spec holds every problem with its place and no stack of calls", () => {
  const error = new SpecError("stacks/x.ops.yaml", [
    { path: "b", message: "is wrong.", place: { file: "stacks/x.ops.yaml", line: 9, column: 1 } },
    {
      path: "a",
      message: "is wrong.",
      remedy: "Correct it.",
      place: { file: "stacks/x.ops.yaml", line: 2, column: 3 },
    },
  ]);

  expect(error.message).toBe(
    [
      "stacks/x.ops.yaml: 2 problem(s)",
      "  stacks/x.ops.yaml:2:3  a: is wrong. Correct it.",
      "  stacks/x.ops.yaml:9:1  b: is wrong.",
    ].join("\n"),
  );
});

test("every overlay is validated at its own lines", () => {
  const service = `source: { repo: "https://example.com/a" }
    runtime: node
    build: npm ci
    start: node a.js
    plan: starter
    supervise: false
    env: { API_URL: "https://api.example.com" }`;
  const text = `system: shop
render: { owner: tea-00000000000000000000, region: oregon }
services:
  web:
    type: web
    ${service}
  worker:
    type: worker
    ${service}
overlays:
  local:
    description: The API is down.
    env: { API_URL: "http://localhost:1" }
`;

  expect(() => resolveStack("shop", parseStackSpec(text, "shop.ops.yaml"))).toThrow(
    `shop.ops.yaml: 1 problem(s)
  shop.ops.yaml:25:12  overlays/local/env/API_URL: points to this machine in production, got "http://localhost:1". Use { url: <service> } or the real address.`,
  );
});
