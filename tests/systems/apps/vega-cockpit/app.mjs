// Stands for the cockpit's Streamlit page: its liveness path, and what its buttons do with files.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";

const MARKER = "tools/.digest_disabled";
const SILENCE = "logs/alerts_silenced.json";
const HISTORY = "logs/vega_jobs.jsonl";

/** What the page's buttons do, by method and path. */
const BUTTONS = {
  "GET /": () => "<h1>Vega Cockpit</h1>",
  "GET /_stcore/health": () => "ok",
  "GET /jobs-history": history,
  "POST /digest-schedule/off": () => write(MARKER, "disabled from the page\n"),
  "POST /digest-schedule/on": () => rmSync(MARKER, { force: true }),
  "POST /silence": silence,
  "DELETE /silence": () => rmSync(SILENCE, { force: true }),
};

/** Newest first; blank and broken lines are passed over, as the page does. */
function history() {
  const lines = readFileSync(HISTORY, "utf8").split("\n");
  return JSON.stringify(lines.flatMap(entryOf).toReversed());
}

function entryOf(line) {
  try {
    return [JSON.parse(line)];
  } catch {
    return [];
  }
}

function silence({ searchParams }) {
  const seconds = Number(searchParams.get("minutes") ?? 30) * 60;
  const until = Date.now() / 1000 + seconds;
  write(SILENCE, JSON.stringify({ silenced_until: until, reason: "from the page" }));
}

function write(path, text) {
  mkdirSync(path.slice(0, path.lastIndexOf("/")), { recursive: true });
  writeFileSync(path, text);
}

const server = createServer((request, response) => {
  const url = new URL(request.url, "http://cockpit");
  const button = BUTTONS[`${request.method} ${url.pathname}`];
  try {
    response.writeHead(button ? 200 : 404).end(button ? (button(url) ?? "done") : "not found");
  } catch (error) {
    response.writeHead(500).end(String(error));
  }
});

server.listen(Number(process.env.PORT), "0.0.0.0");
process.on("SIGTERM", () => server.close(() => process.exit(0)));
