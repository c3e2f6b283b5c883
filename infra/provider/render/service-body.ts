import { type Json, type JsonObject, memberAt, objectOf, withMember } from "./answer.ts";

/** Where an input stands in Render's bodies. */
interface BodyField {
  /** In POST and PATCH; absent where a call of its own carries it. */
  readonly write: readonly string[];
  /** In answers; the same as `write` where it is not given. */
  readonly read?: readonly string[];
  /** Only a POST takes it. */
  readonly createOnly?: boolean;
  readonly toApi?: (value: Json) => Json;
  readonly fromApi?: (value: Json) => Json | undefined;
}

const details = "serviceDetails";
const specific = "envSpecificDetails";

/** Every input of the service types that Render's service bodies carry. @see https://api-docs.render.com/reference/create-service */
const FIELDS: Readonly<Record<string, BodyField>> = {
  name: { write: ["name"] },
  ownerId: { write: ["ownerId"], createOnly: true },
  region: { write: [details, "region"], createOnly: true },
  plan: { write: [details, "plan"] },
  runtime: { write: [details, "runtime"] },
  repo: { write: ["repo"] },
  branch: { write: ["branch"] },
  rootDir: { write: ["rootDir"] },
  image: { write: ["image", "imagePath"], read: ["imagePath"] },
  buildCommand: { write: [details, specific, "buildCommand"] },
  startCommand: { write: [details, specific, "startCommand"] },
  dockerCommand: { write: [details, specific, "dockerCommand"] },
  autoDeploy: {
    write: ["autoDeploy"],
    toApi: (on) => (on ? "yes" : "no"),
    fromApi: (text) => text === "yes",
  },
  healthCheckPath: { write: [details, "healthCheckPath"] },
  schedule: { write: [details, "schedule"] },
  disk: {
    write: [details, "disk"],
    createOnly: true,
    toApi: diskToApi,
    fromApi: diskFromApi,
  },
};

/** The part of a service body that says these inputs. */
export function serviceBody(inputs: JsonObject, purpose: "create" | "patch"): JsonObject {
  const body = Object.entries(FIELDS)
    .filter(([, field]) => purpose === "create" || !field.createOnly)
    .reduce<JsonObject>((at, [key, field]) => {
      const value = inputs[key];
      if (value === undefined) return at;
      return withMember(at, field.write, field.toApi ? field.toApi(value) : value);
    }, {});
  // Render wants the workspace of an image named beside it.
  return inputs["image"] === undefined
    ? body
    : withMember(body, ["image", "ownerId"], inputs["ownerId"] ?? null);
}

/** The inputs that a service of Render's says; empty text is Render's way to say that there is none. */
export function serviceInputs(service: Json): JsonObject {
  const entries = Object.entries(FIELDS).map(([key, field]) => {
    const value = memberAt(service, field.read ?? field.write);
    if (value === undefined || value === null || value === "") return [key, undefined] as const;
    return [key, field.fromApi ? field.fromApi(value) : value] as const;
  });
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

/** Can a PATCH of the service carry this input? */
export function isPatchable(input: string): boolean {
  const field = FIELDS[input];
  return field !== undefined && !field.createOnly;
}

function diskToApi(disk: Json): Json {
  const { sizeGb, ...rest } = objectOf(disk, "disk");
  return { ...rest, sizeGB: sizeGb };
}

function diskFromApi(value: Json): Json {
  const at = (key: string): Json | undefined => memberAt(value, [key]);
  return { name: at("name"), mountPath: at("mountPath"), sizeGb: at("sizeGB") };
}
