import { readdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { z } from "zod";
import { UNSUPPORTED } from "../../infra/local-cloud/render/unsupported.ts";
import { CONSENT_VARIABLE } from "../../infra/provider/kit/consent.ts";
import { LOST_CREATES } from "../../infra/provider/render/create-journal.ts";
import { REFRESH_CALLS } from "../../infra/provider/render/lists.ts";
import { StackSpec } from "../../infra/spec/stack.ts";
import type { RuntimeCommand } from "../../runtime/src/commands/command.ts";
import type { Command } from "../commands/command.ts";
import { CHECKOUT } from "../workspace/paths.ts";
import { renderAlertPage } from "./alert-page.ts";
import { renderAppPage } from "./app-page.ts";
import { renderCommandPage } from "./command-page.ts";
import { type DescribedJob, renderJobList } from "./job-page.ts";
import { code, renderTable } from "./markdown.ts";
import { type Contract, renderResourcePage } from "./resource-page.ts";
import { renderRuntimePage } from "./runtime-page.ts";
import { listSpecKeys } from "./spec-keys.ts";
import { renderSpecPage } from "./spec-page.ts";

/** The reference page: every key of the spec, job, command and resource type. */
export async function renderReference(
  jobs: Readonly<Record<string, DescribedJob>>,
): Promise<string> {
  const commands = (await loadExports("scripts/commands")).filter(isCommand);
  const contracts = (await loadExports("infra/resources")).filter(isContract);
  return `${[
    "<!-- Generated from the code by npm run generate. Changes made here are lost. -->",
    "# Reference",
    "- [The spec](#the-spec): what `stacks/<stack>.ops.yaml` may say\n- [The jobs](#the-jobs): what a job may use, a page each\n- [Channels of alerts](#channels-of-alerts)\n- [The runtime](#the-runtime): its commands, health, metrics and ops\n- [How an app talks to the runtime](#how-an-app-talks-to-the-runtime)\n- [Commands](#commands)\n- [Resources](#resources): what the spec becomes\n- [Calls of a refresh](#calls-of-a-refresh)\n- [Creates whose answer was lost](#creates-whose-answer-was-lost)\n- [Data and consent](#data-and-consent)\n- [The local cloud](#the-local-cloud): what it refuses",
    "## The spec",
    "Paths are written as in messages: `services/<key>/plan` is the plan of a service. You choose `<key>`, `<NAME>` and `<file>`; `<n>` is a position in a list. A form such as `{ url }` is one of several ways to write a block, named by its required keys.",
    renderSpecPage(listSpecKeys(StackSpec)),
    "## The jobs",
    "The values of `jobs/<key>/uses`. Each job has a page with its options, outputs, exit codes and an example.",
    renderJobList(jobs),
    "## Channels of alerts",
    renderAlertPage(),
    "## The runtime",
    "`opspec-runtime` is the program that a deployed service or job starts.",
    await renderRuntimePage((await loadExports("runtime/src/commands")).filter(isRuntimeCommand)),
    "## How an app talks to the runtime",
    renderAppPage(),
    "## Commands",
    "Exit codes: 0 success, 1 findings, 2 bad input or usage.",
    renderCommandPage(commands),
    "## Resources",
    "The resource types in previews and state files. An optional field that is not given is left unchanged at the vendor.",
    renderResourcePage(contracts),
    "## Calls of a refresh",
    "The API calls of a refresh; the reads of one operation share their lists. An unchanged preview and an unchanged `up --no-refresh` make no call.",
    REFRESH_CALLS.map((it) => `- ${it}`).join("\n"),
    "## Creates whose answer was lost",
    "When the answer to a create was lost, or its process was killed, the resource may exist. The next `up` adopts it where there is proof that our create made it. Without proof `up` changes nothing, and the error names the two ways on: `pulumi: { import: <id> }`, whose preview shows what differs, or `pulumi: { adopt: true }`.",
    LOST_CREATES.map(({ types, proof }) => `- ${types.map(code).join(", ")}: ${proof}`).join("\n"),
    "## Data and consent",
    `What keeps data (a service with a disk, a Postgres database, a Key Value store with persistence) is neither replaced nor deleted without consent. A replacement, and a disk that is taken away, need \`allowDataLoss: true\` in the spec. A deletion, by a destroy or because it has left the spec, needs the same in an \`up\` before, or \`${CONSENT_VARIABLE}=<stack>\` in the environment of the run that deletes; \`opspec destroy\` takes \`--allow-data-loss\`. \`pulumi: { retainOnDelete: true }\` keeps it and forgets it.`,
    "## The local cloud",
    "`opspec cloud` answers every operation of Render's API except these, which have no meaning on one machine. They answer 501, `not supported here`, with the reason. Metrics, audit logs, maintenance, artifacts, sandboxes and workflows are empty lists.",
    renderTable(
      ["operation", "why"],
      UNSUPPORTED.map(({ method, path, why }) => [code(`${method} ${path}`), why]),
    ),
  ].join("\n\n")}\n`;
}

/** The exports of a folder's modules, in the order of their paths and names. */
async function loadExports(folder: string): Promise<unknown[]> {
  const root = join(CHECKOUT, folder);
  const files = readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"))
    .toSorted();
  const modules: object[] = await Promise.all(
    files.map((file) => import(pathToFileURL(join(root, file)).href)),
  );
  return modules.flatMap((module) => Object.values(module));
}

function isCommand(value: unknown): value is Command {
  return typeof value === "object" && value !== null && "usage" in value && "run" in value;
}

function isRuntimeCommand(value: unknown): value is RuntimeCommand {
  return typeof value === "object" && value !== null && "summary" in value && "run" in value;
}

function isContract(value: unknown): value is Contract {
  return (
    typeof value === "object" &&
    value !== null &&
    "inputs" in value &&
    value.inputs instanceof z.ZodObject
  );
}
