import { expect, test } from "vitest";
import { parseManifest } from "./contract/load-manifest.ts";
import { createLogger, withTrace } from "./log.ts";

const MANIFEST = parseManifest({
  version: 1,
  runtime: "0.1.0",
  system: "shop",
  stack: "shop",
  environment: "staging",
  process: "web",
  timezone: "UTC",
  jobs: [],
  alerts: { channels: [{ name: "ops", kind: "webhook", urlEnv: "WHERE_TO" }] },
  log: { traceField: "request_id" },
});

function logged(env: Record<string, string>): {
  log: ReturnType<typeof createLogger>;
  text: () => string;
  last: () => Record<string, unknown>;
} {
  const lines: string[] = [];
  const log = createLogger({
    manifest: MANIFEST,
    env,
    name: "run",
    write: (line) => lines.push(line),
  });
  return { log, text: () => lines.join(""), last: () => JSON.parse(lines.at(-1) ?? "null") };
}

test("a line is one JSON object with ts, level, logger, msg, env, the trace field and fields", () => {
  const { log, text } = logged({});

  withTrace(log, MANIFEST, "id-1").warn({ count: 2 }, "a\nb");

  expect(text().trimEnd().split("\n")).toHaveLength(1);
  expect(JSON.parse(text())).toEqual({
    ts: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    level: "warn",
    logger: "run",
    env: "staging",
    request_id: "id-1",
    count: 2,
    msg: "a\nb",
  });
});

test("no secret of the environment appears in a line, wherever it was said", () => {
  const secrets = {
    SENDGRID_API_KEY: "SG.planted-one",
    JWT_SECRET: 'planted "two" \\ with quotes',
    DATABASE_URL: "postgres://app:planted-three@db.internal:5432/app",
    WHERE_TO: "https://hooks.example.com/services/planted-four-token",
    GSPREAD_CREDENTIALS: '{\n  "private_key": "planted-five"\n}',
    SMTP_PASS: "73519482",
  };
  const { log, text } = logged(secrets);

  const error = new Error("failed with SG.planted-one", { cause: new Error("planted-three") });
  log.error({ err: error }, "for https://hooks.example.com/services/planted-four-token");
  log.info(
    { deep: { list: [secrets.JWT_SECRET, { "SG.planted-one": 73519482 }] } },
    secrets.JWT_SECRET,
  );
  log.info({ dump: secrets.GSPREAD_CREDENTIALS, url: secrets.DATABASE_URL }, "planted-four-token");

  expect(text()).not.toMatch(/planted|73519482/);
  expect(
    text()
      .trimEnd()
      .split("\n")
      .every((line) => JSON.parse(line)),
  ).toBe(true);
});

test("a field is hidden by its name, and credentials by their form", () => {
  const { log, last } = logged({});

  log.info(
    { headers: { Authorization: ["Bearer abc"], cookie: "a=b" }, password: "x", tokens: 12 },
    "redis://:word@host:6379 and Bearer abcdefgh12345678",
  );

  expect(last()).toMatchObject({
    headers: { Authorization: "[redacted]", cookie: "[redacted]" },
    password: "[redacted]",
    tokens: 12,
    msg: "redis://[redacted]@host:6379 and Bearer [redacted]",
  });
});

test("switches and short values are not taken for secrets", () => {
  const { log, last } = logged({ ALLOW_HEADER_AUTH: "1", AUTH_MODE: "true", TOKEN_TTL: "3600" });

  log.info({ durationMs: 3600, ok: true }, "1 true 3600");

  expect(last()).toMatchObject({ durationMs: 3600, ok: true, msg: "1 true 3600" });
});
