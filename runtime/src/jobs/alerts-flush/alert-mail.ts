import { htmlTable, tableOf } from "../mail.ts";
import { escapeHtml } from "../../contract/text.ts";
import type { AlertSummary, TabSummary } from "./alert-summary.ts";

/** The words of a mail. */
interface MailText {
  readonly subject: string;
  readonly html: string;
  readonly text: string;
}

/** The alerts as people read them: a heading and a table for each tab, the empty ones by name only. */
export function alertMail(title: string, summary: AlertSummary): MailText {
  const tabs = Object.entries(summary);
  const filled = tabs.filter(([, { count }]) => count > 0);
  const empty = tabs.filter(([, { count }]) => count === 0).map(([tab]) => tab);
  const total = tabs.reduce((sum, [, { count }]) => sum + count, 0);
  const rest = empty.length > 0 ? `Nothing in: ${empty.join(", ")}.` : "";
  const subject = `${title}: ${total} in ${filled.length} of ${tabs.length}`;
  return {
    subject,
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
  return [heading, htmlTable(tableOf(summary.rows)), moreHtml(summary)].join("\n");
}

function moreHtml(summary: TabSummary): string {
  const words = moreWords(summary);
  return words === "" ? "" : `<p>${words}</p>`;
}

function tabText(tab: string, summary: TabSummary): string {
  const { columns, cells } = tableOf(summary.rows);
  const lines = cells.map((texts) =>
    texts.map((text, index) => `${columns[index] ?? ""}: ${text}`).join(", "),
  );
  const more = moreWords(summary);
  return [`${tab}: ${summary.count}`, ...lines, ...(more === "" ? [] : [more])].join("\n");
}

function moreWords({ count, rows }: TabSummary): string {
  return count > rows.length ? `… and ${count - rows.length} more.` : "";
}
