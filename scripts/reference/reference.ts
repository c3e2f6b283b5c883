import { readdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { z } from "zod";
import { CONSENT_VARIABLE } from "../../infra/provider/kit/consent.ts";
import { LOST_CREATES } from "../../infra/provider/render/lost-creates.ts";
import { REFRESH_CALLS } from "../../infra/provider/render/refresh-calls.ts";
import { StackSpec } from "../../infra/spec/stack.ts";
import type { RuntimeCommand } from "../../runtime/src/commands/command.ts";
import type { Command } from "../commands/command.ts";
import { CHECKOUT } from "../workspace/paths.ts";
import { renderAlertPage } from "./alert-page.ts";
import { renderAppPage } from "./app-page.ts";
import { renderCommandPage } from "./command-page.ts";
import { type DescribedJob, renderJobList } from "./job-page.ts";
import { code } from "./markdown.ts";
import { type Contract, renderResourcePage } from "./resource-page.ts";
import { renderRuntimePage } from "./runtime-page.ts";
import { listSpecKeys } from "./spec-keys.ts";
import { renderSpecPage } from "./spec-page.ts";

/** The reference page: every key of the spec, every job, every command, every resource type. */
export async function renderReference(
  jobs: Readonly<Record<string, DescribedJob>>,
): Promise<string> {
  const commands = (await loadExports("scripts/commands")).filter(isCommand);
  const contracts = (await loadExports("infra/resources")).filter(isContract);
  return `${[
    "<!-- Generated from the code by npm run generate. Changes made here are lost. -->",
    "# Reference",
    "- [The spec](#the-spec): what `stacks/<stack>.ops.yaml` may say\n- [The jobs](#the-jobs): what a job may use, a page each\n- [Channels of alerts](#channels-of-alerts)\n- [The runtime](#the-runtime): its commands, health, metrics and ops\n- [How an app talks to the runtime](#how-an-app-talks-to-the-runtime)\n- [Commands](#commands)\n- [Resources](#resources): what the spec becomes\n- [Calls of a refresh](#calls-of-a-refresh)\n- [Creates whose answer was lost](#creates-whose-answer-was-lost)\n- [Data and consent](#data-and-consent)",
    "## The spec",
    "Paths are those of the messages: `services/<key>/plan` is the plan of a service. `<key>`, `<NAME>`, `<file>` are names that you choose, `<n>` is the place in a list. A form such as `{ url }` is one of several ways to write a block, told by the keys that it must have.",
    renderSpecPage(listSpecKeys(StackSpec)),
    "## The jobs",
    "What stands in `jobs/<key>/uses`. Each has a page with its options, what it writes, how it ends, and an example.",
    renderJobList(jobs),
    "## Channels of alerts",
    renderAlertPage(),
    "## The runtime",
    "What a deployed service or job starts: `opspec-runtime`.",
    await renderRuntimePage((await loadExports("runtime/src/commands")).filter(isRuntimeCommand)),
    "## How an app talks to the runtime",
    renderAppPage(),
    "## Commands",
    "Exit codes: 0 good, 1 findings, 2 bad input or usage.",
    renderCommandPage(commands),
    "## Resources",
    "What a preview and a state file show. A field that is not required is left alone on the vendor's side when it is not given.",
    renderResourcePage(contracts),
    "## Calls of a refresh",
    "What a refresh asks Render; the reads of one run share their lists. An unchanged preview, and an unchanged `up --no-refresh`, ask nothing.",
    REFRESH_CALLS.map((it) => `- ${it}`).join("\n"),
    "## Creates whose answer was lost",
    "A create whose answer never came, or whose process was killed, may have been carried out. The next `up` takes up what that create made, where there is proof of it. Without proof it touches nothing, and its error says how to go on: `pulumi: { import: <id> }`, whose preview shows what differs, or `pulumi: { adopt: true }`.",
    LOST_CREATES.map(({ types, proof }) => `- ${types.map(code).join(", ")}: ${proof}`).join("\n"),
    "## Data and consent",
    `What keeps data (a service with a disk, a Postgres database, a Key Value store with persistence) is neither replaced nor deleted without consent. A replacement, and a disk that is taken away, need \`allowDataLoss: true\` in the spec. A deletion, by a destroy or because it has left the spec, needs the same in an \`up\` before, or \`${CONSENT_VARIABLE}=<stack>\` in the environment of the run that deletes; \`opspec destroy\` takes \`--allow-data-loss\`. \`pulumi: { retainOnDelete: true }\` keeps it and forgets it.`,
  ].join("\n\n")}\n`;
}

/** What the modules of a folder export, in the order of their paths and names. */
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
