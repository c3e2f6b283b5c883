// An app as small as can be, which does what the tests ask of it.
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { WebSocketServer } from "ws";

const { PORT, OPSPEC_URL, OPSPEC_TOKEN, START_DELAY_MS = "0", BEAT_EVERY_MS } = process.env;

const answers = {
  "/env": () => JSON.stringify(process.env),
  "/pid": () => String(process.pid),
  "/file": (url) => {
    const path = url.searchParams.get("path");
    return existsSync(path) ? readFileSync(path) : "absent";
  },
  "/crash": () => process.exit(Number(process.env.CRASH_WITH ?? 3)),
  "/hang": () => {
    for (;;);
  },
};

const server = createServer((request, response) => {
  const url = new URL(request.url, "http://localhost");
  const answer = answers[url.pathname];
  if (answer) return response.end(answer(url));
  if (url.pathname === "/slow") return setTimeout(() => response.end("late"), 1500);
  return response.end(`hello ${request.url}`);
});

new WebSocketServer({ server }).on("connection", (socket) => {
  socket.on("message", (data) => socket.send(`echo ${data}`));
});

process.on("SIGTERM", () => {
  process.stdout.write("app: told to end\n");
  if (process.env.IGNORE_SIGTERM) return;
  server.close(() => process.exit(0));
  server.closeIdleConnections();
  setTimeout(() => process.exit(0), 3000).unref();
});

setTimeout(() => server.listen(Number(PORT)), Number(START_DELAY_MS));

if (BEAT_EVERY_MS) {
  const headers = { authorization: `Bearer ${OPSPEC_TOKEN}` };
  const beat = () =>
    fetch(`${OPSPEC_URL}/heartbeats/loop`, { method: "POST", headers, body: "{}" });
  setInterval(() => beat().catch(() => undefined), Number(BEAT_EVERY_MS));
}
