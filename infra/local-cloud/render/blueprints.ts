import { isMap, isScalar, isSeq, LineCounter, parseDocument, type YAMLMap } from "yaml";

import { badRequest } from "../api-error.ts";
import type { CloudRoutes } from "../cloud.ts";
import { ensureOwnerId } from "./owners.ts";
import { LEGACY_PLANS, legacyPlanText } from "./postgres-rules.ts";
import { answer } from "./requests.ts";

/** One problem of a Blueprint, at its place in the file. */
interface BlueprintError {
  readonly error: string;
  readonly path: string;
  readonly line?: number;
  readonly column?: number;
}

/** Types of a service in a Blueprint. @see https://render.com/docs/blueprint-spec */
const TYPES = ["web", "pserv", "worker", "cron", "static", "keyvalue", "redis"];

/** Types that are listed as Key Value instances. */
const KEY_VALUE_TYPES = ["keyvalue", "redis"];

/** The keys at the top of a Blueprint. @see https://render.com/docs/blueprint-spec */
const TOP_KEYS = ["services", "databases", "envVarGroups", "previews", "projects", "ungrouped"];

/**
 * `/blueprints/validate`: the syntax of a Blueprint, the names and types of its resources, and what
 * it would create. Other fields are not checked.
 */
export function addBlueprintRoutes(api: CloudRoutes): void {
  api.post("/blueprints/validate", async ({ req }) => {
    const form = await req.formData().catch(() => {
      throw badRequest("the body must be multipart/form-data");
    });
    const file = form.get("file");
    ensureOwnerId(String(form.get("ownerId") ?? ""));
    if (file === null) throw badRequest("file is required");
    return answer(200, checkBlueprint(typeof file === "string" ? file : await file.text()));
  });
}

function checkBlueprint(text: string) {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false });
  const placeOf = (offset: number | undefined) => {
    if (offset === undefined) return {};
    const { line, col: column } = lineCounter.linePos(offset);
    return { line, column };
  };
  const syntax = document.errors.map(({ message, pos }): BlueprintError => {
    return { error: message, path: "", ...placeOf(pos[0]) };
  });
  const root = document.contents;
  if (syntax.length > 0 || !isMap(root)) {
    const empty = { error: "the file must be a map", path: "" };
    return { valid: false, errors: syntax.length > 0 ? syntax : [empty] };
  }
  const rows = (key: string): YAMLMap[] => {
    const list = root.get(key, true);
    return isSeq(list) ? list.items.filter(isMap) : [];
  };
  const errors: BlueprintError[] = [];
  const check = (list: string, row: YAMLMap, index: number): string => {
    const report = (field: string, error: string): void => {
      const path = `${list}[${index}]${field === "" ? "" : `.${field}`}`;
      errors.push({ error, path, ...placeOf(row.range?.[0]) });
    };
    const name = textAt(row, "name");
    if (name === "") report("name", "name is required");
    if (list === "services" && !TYPES.includes(textAt(row, "type"))) {
      report("type", `type must be one of ${TYPES.join(", ")}`);
    }
    const plan = textAt(row, "plan");
    if (list === "databases" && LEGACY_PLANS.includes(plan)) report("plan", legacyPlanText(plan));
    return name;
  };
  for (const { key } of root.items) {
    const name = isScalar(key) ? String(key.value) : "";
    if (TOP_KEYS.includes(name)) continue;
    const offset = isScalar(key) ? key.range?.[0] : undefined;
    errors.push({ error: `unknown field ${name}`, path: name, ...placeOf(offset) });
  }
  const services = rows("services");
  const names = services.map((row, index) => check("services", row, index));
  const isKeyValue = services.map((row) => KEY_VALUE_TYPES.includes(textAt(row, "type")));
  const plan = {
    services: names.filter((_, index) => !isKeyValue[index]),
    keyValue: names.filter((_, index) => isKeyValue[index]),
    databases: rows("databases").map((row, index) => check("databases", row, index)),
    envGroups: rows("envVarGroups").map((row, index) => check("envVarGroups", row, index)),
  };
  if (errors.length > 0) return { valid: false, errors };
  return { valid: true, plan: { ...plan, totalActions: Object.values(plan).flat().length } };
}

function textAt(row: YAMLMap, key: string): string {
  const value = row.get(key);
  return typeof value === "string" ? value : "";
}
