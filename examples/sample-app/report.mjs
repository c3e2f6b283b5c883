// A job of the app's own: one line about what there is, for the page.
import { existsSync, readFileSync, writeFileSync } from "node:fs";

const visits = existsSync("data/visits.log")
  ? readFileSync("data/visits.log", "utf8").trim().split("\n").length
  : 0;
const line = `${visits} visits by ${new Date().toISOString()}`;

writeFileSync("data/report.txt", line);
process.stdout.write(`${line}\n`);
