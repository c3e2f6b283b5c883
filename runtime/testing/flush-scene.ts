import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { JobContext } from "../src/jobs/definition.ts";
import { startHttpServer } from "./http-server.ts";
import { jobContext } from "./job-context.ts";
import { collectLog } from "./log-lines.ts";

/** A secret that must appear nowhere. */
export const FLUSH_SECRET = "hunter2";

interface Posted {
  readonly subject: string;
  readonly content: readonly { readonly value: string }[];
}

/** A directory with a filled and an empty table, and stand-ins for SendGrid and a webhook. */
export async function flushScene({ columns }: { columns?: string[] } = {}) {
  const directory = mkdtempSync(join(tmpdir(), "flush-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const answers = { webhookStatus: 200, mailStatus: 202 };
  const sendgrid = await startHttpServer(() => ({ status: answers.mailStatus }));
  const webhook = await startHttpServer(() => ({ status: answers.webhookStatus }));
  const env = {
    SENDGRID_API_KEY: `SG.${FLUSH_SECRET}`,
    SENDGRID_BASE_URL: sendgrid.url,
    WEBHOOK_URL: `${webhook.url}/hook?key=${FLUSH_SECRET}`,
    ALERTS_EMAIL_FROM: "alerts@example.com",
    ALERTS_EMAIL_TO: "a@example.com, b@example.com",
    DIGEST_EMAIL_FROM: "digest@example.com",
    DIGEST_EMAIL_TO: "team@example.com",
  };
  const source = { kind: "file", path: "stock.json" };
  const tabs = {
    low_stock: { source, ...(columns ? { columns } : {}) },
    orders: { source: { kind: "file", path: "orders.csv" } },
  };
  const options = { tabs, title: "Vega", state: "logs/state.json" };
  const write = (rows: readonly object[]) =>
    writeFileSync(join(directory, "stock.json"), JSON.stringify(rows));
  write(stock(7));
  writeFileSync(join(directory, "orders.csv"), "id,late\n");
  const { log, lines } = collectLog();
  return Object.assign(answers, {
    directory,
    env,
    options,
    lines,
    write,
    state: join(directory, "logs/state.json"),
    context: (given: Partial<JobContext> = {}) =>
      jobContext({ directory, env, options, log, ...given }),
    mails: () => sendgrid.seen.map(({ body }): Posted => JSON.parse(body)),
    posts: () => webhook.seen.map(({ body }): unknown => JSON.parse(body)),
  });
}

/** Rows of the filled table. */
export function stock(count: number): { sku: number; title: string }[] {
  return Array.from({ length: count }, (_, n) => ({ sku: n + 1, title: `Mug <${n + 1}>` }));
}
