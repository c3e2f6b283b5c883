// A web app as anybody would write it: it listens on PORT, keeps its notes in a folder, and knows
// nothing of Opspec. `npm start` runs it under the runtime, which adds the jobs, the health paths
// and /ops, and puts the folder on the disk.
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";

const VISITS = "data/visits.log";

mkdirSync("data", { recursive: true });

const server = createServer((request, response) => {
  if (request.url !== "/") {
    response.writeHead(404).end("not found\n");
    return;
  }
  appendFileSync(VISITS, `${new Date().toISOString()}\n`);
  response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(page());
});

server.listen(Number(process.env["PORT"] ?? 3000));
process.once("SIGTERM", () => server.close());

function page() {
  const report = existsSync("data/report.txt")
    ? readFileSync("data/report.txt", "utf8")
    : "none yet";
  const snapshots = existsSync("snapshots") ? readdirSync("snapshots").length : 0;
  return `<!doctype html>
<html lang="en">
  <meta charset="utf-8">
  <title>Opspec sample</title>
  <h1>${escaped(process.env["GREETING"] ?? "Hello")}</h1>
  <p>Visits on the disk, deploys included: ${readFileSync(VISITS, "utf8").trim().split("\n").length}</p>
  <p>Snapshots by the job heartbeat, one a minute: ${snapshots}</p>
  <p>Last report by the job report: ${escaped(report)}</p>
</html>
`;
}

function escaped(text) {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
