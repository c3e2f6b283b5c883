// Stands for parlay-gorilla's FastAPI under gunicorn: the paths that the runbook names, and an error.
const { createServer } = require("node:http");

const bind = process.argv[process.argv.indexOf("--bind") + 1] ?? "0.0.0.0:8000";
const port = Number(bind.split(":").at(-1));

/** The paths whose state must not be stale for hours. */
const SPORTS = ["/api/sports", "/api/games", "/api/analysis", "/api/game"];

function say(message, fields = {}) {
  console.log(JSON.stringify({ level: "info", msg: message, ...fields }));
}

const server = createServer((request, response) => {
  const id = request.headers["x-request-id"];
  const path = request.url.split("?")[0];
  const send = (status, body, headers = {}) => {
    say("request", { path, status, request_id: id });
    response.writeHead(status, { "content-type": "application/json", ...headers });
    response.end(JSON.stringify(body));
  };
  if (SPORTS.includes(path)) {
    const cache = { "cache-control": "max-age=60, must-revalidate" };
    return send(200, { sports: ["nba", "nfl"] }, cache);
  }
  if (path === "/api/broken") return send(500, { error: "it broke", request_id: id });
  return send(404, { error: "not found", request_id: id });
});

const standalone = process.env.SCHEDULER_STANDALONE === "true";
say(standalone ? "in-process scheduler not started" : "in-process scheduler started");
server.listen(port, "127.0.0.1", () => say("gunicorn listens", { port }));
process.on("SIGTERM", () => {
  server.close(() => process.exit(0));
  server.closeAllConnections();
});
