import type { Context } from "hono";
import { html } from "hono/html";

import { exactTimestamp, nowMs } from "./clock.ts";
import type { Cloud, CloudEnv } from "./cloud.ts";
import { cronRows, deploymentRows, resourceRows, type TableRow } from "./page-rows.ts";
import { PAGE_STYLE } from "./page-style.ts";
import { CUT_STATUS } from "./request-log.ts";

/**
 * Refresh interval of the page, in seconds: short enough to watch a deploy, long enough to read.
 */
const REFRESH_SECONDS = 2;

/** Number of calls shown. */
const CALLS_SHOWN = 25;

/** The page runs no script and loads nothing from elsewhere. */
const CONTENT_SECURITY_POLICY = "default-src 'none'; style-src 'unsafe-inline'";

type Html = ReturnType<typeof html>;

/** The page that shows the cloud's resources. It never shows values of variables and files. */
export function renderPage(context: Context<CloudEnv>, cloud: Cloud): Response | Promise<Response> {
  context.header("Content-Security-Policy", CONTENT_SECURITY_POLICY);
  context.header("Cache-Control", "no-store");
  return context.html(pageText(cloud));
}

/** The template escapes every interpolated value. */
function pageText(cloud: Cloud): Html {
  const now = exactTimestamp(nowMs(cloud.state)).slice(0, 19).replace("T", " ");
  const { deployPolicy, rateLimits, strict } = cloud.state.settings;

  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta http-equiv="refresh" content="${REFRESH_SECONDS}" />
        <title>Opspec local cloud</title>
        ${PAGE_STYLE}
      </head>
      <body>
        <header>
          <h1>Opspec <span>local cloud</span></h1>
          <p>
            ${now} UTC · overlapping deploys: ${deployPolicy} · rate limits: ${rateLimits} · unknown
            fields: ${strict ? "refused" : "dropped"}
          </p>
        </header>
        <main>
          ${table("Services", SERVICE_HEADINGS, deploymentRows(cloud))}
          ${table("Cron jobs", CRON_HEADINGS, cronRows(cloud))}
          ${table("Other resources", RESOURCE_HEADINGS, resourceRows(cloud))}
          ${table("Recent calls", CALL_HEADINGS, callRows(cloud))}
        </main>
        <footer>
          ${cloud.runner ? RUNS_HERE : NOTHING_RUNS} The cloud answers as Render would, and keeps
          the requested state.
        </footer>
      </body>
    </html>`;
}

const RUNS_HERE = "Services with a local source folder are built and run on this machine.";
const NOTHING_RUNS = "Nothing runs here.";

const SERVICE_HEADINGS = ["Name", "Type", "Plan", "Status", "Address", "Disk", "Last deploy"];
const CRON_HEADINGS = ["Name", "Schedule (UTC)", "Next run (UTC)", "Status", "Last deploy"];
const RESOURCE_HEADINGS = ["Name", "Kind", "What", "Status"];
const CALL_HEADINGS = ["At (UTC)", "Method", "Path", "Status", "ms"];

function callRows(cloud: Cloud): TableRow[] {
  return cloud.requests
    .entries()
    .slice(-CALLS_SHOWN)
    .toReversed()
    .map(({ at, method, path, status, ms }) => [
      at.slice(11, 19),
      method,
      path,
      { text: status === CUT_STATUS ? "cut" : String(status), tone: callTone(status) },
      String(ms),
    ]);
}

function callTone(status: number): "good" | "bad" | "busy" {
  if (status === CUT_STATUS || status >= 500) return "bad";
  return status >= 400 ? "busy" : "good";
}

function table(title: string, headings: readonly string[], rows: readonly TableRow[]): Html {
  const body =
    rows.length > 0
      ? rows.map(
          (cells) =>
            html`<tr>
              ${cells.map(cellHtml)}
            </tr>`,
        )
      : html`<tr>
          <td class="none" colspan="${headings.length}">none yet</td>
        </tr>`;

  return html`<section>
    <h2>${title} <small>${rows.length}</small></h2>
    <div class="scroll">
      <table>
        <thead>
          <tr>
            ${headings.map((it) => html`<th scope="col">${it}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${body}
        </tbody>
      </table>
    </div>
  </section>`;
}

function cellHtml(cell: TableRow[number]): Html {
  if (typeof cell === "string") return html`<td>${cell || "–"}</td>`;
  return html`<td><span class="badge ${cell.tone}">${cell.text}</span></td>`;
}
