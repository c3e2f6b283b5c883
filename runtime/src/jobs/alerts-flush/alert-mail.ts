import { escapeHtml } from "../../contract/text.ts";
import type { Row } from "../../sources/source-reading.ts";
import { htmlTable, tableOf } from "../mail.ts";

/** The number of rows of a tab, and the first of them. */
export interface TabSummary {
  readonly count: number;
  readonly rows: readonly Row[];
}

/** The tabs by name. This is the payload of the webhook. */
export type AlertSummary = Readonly<Record<string, TabSummary>>;

/** The mail: a heading and a table for each tab. Empty tabs are only listed by name. */
export function alertMail(title: string, summary: AlertSummary) {
  const tabs = Object.entries(summary);
  const filled = tabs.filter(([, { count }]) => count > 0);
  const empty = tabs.filter(([, { count }]) => count === 0).map(([tab]) => tab);
  const total = tabs.reduce((sum, [, { count }]) => sum + count, 0);
  const rest = empty.length > 0 ? `Nothing in: ${empty.join(", ")}.` : "";
  return {
    subject: `${title}: ${total} in ${filled.length} of ${tabs.length}`,
    html: [
      `<h2>${escapeHtml(title)}</h2>`,
      ...filled.map(([tab, its]) => tabHtml(tab, its)),
      ...(rest === "" ? [] : [`<p>${escapeHtml(rest)}</p>`]),
    ].join("\n"),
    text: [title, ...filled.map(([tab, its]) => tabText(tab, its)), rest].join("\n\n").trim(),
  };
}

function tabHtml(tab: string, summary: TabSummary): string {
  const heading = `<h3>${escapeHtml(tab)}: ${summary.count}</h3>`;
  const more = moreText(summary).map((text) => `<p>${text}</p>`);
  return [heading, htmlTable(tableOf(summary.rows)), ...more].join("\n");
}

function tabText(tab: string, summary: TabSummary): string {
  const { columns, cells } = tableOf(summary.rows);
  const lines = cells.map((texts) =>
    texts.map((text, index) => `${columns[index] ?? ""}: ${text}`).join(", "),
  );
  return [`${tab}: ${summary.count}`, ...lines, ...moreText(summary)].join("\n");
}

function moreText({ count, rows }: TabSummary): string[] {
  return count > rows.length ? [`… and ${count - rows.length} more.`] : [];
}
