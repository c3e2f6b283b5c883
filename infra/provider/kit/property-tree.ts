import structPb from "google-protobuf/google/protobuf/struct_pb.js";

/**
 * Sentinels and signatures of the protocol's wire format.
 *
 * @see https://github.com/pulumi/pulumi/blob/v3.259.0/sdk/go/common/resource/plugin/rpc.go
 */
const UNKNOWN_STRING = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const UNKNOWN_SENTINELS: ReadonlySet<unknown> = new Set([
  UNKNOWN_STRING,
  "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7", // boolean
  "3eeb2bf0-c639-47a8-9e75-3b44932eb421", // number
  "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2", // array
  "030794c1-ac77-496b-92df-f27374a8bd58", // asset
  "e48ece36-62e2-4504-bad9-02848725956a", // archive
  "dd056dcd-154b-4c76-9bd3-c8f88648b5ff", // object
]);
const SIGNATURE_KEY = "4dabf18193072939515e22adb298388d";
const SECRET_SIGNATURE = "1b47061264138c4ac30d75fd1eb44270";

/**
 * A value that is unknown in a preview, because it depends on a resource that does not exist yet.
 */
export class Unknown {
  toJSON(): string {
    return "[unknown]";
  }
}

/** The one unknown value. */
export const UNKNOWN = new Unknown();

/** A secret value. */
export class Secret {
  readonly value: Tree;

  constructor(value: Tree) {
    this.value = value;
  }

  /** The value in clear. Only `reveal` reads it, once per message of the engine. */
  open(): Tree {
    return this.value;
  }

  toJSON(): string {
    return "[secret]";
  }
}

/** A resource's properties as the engine sends them. */
export type Tree =
  | null
  | boolean
  | number
  | string
  | Unknown
  | Secret
  | TreeObject
  | readonly Tree[];

/** The properties of an object, by name. */
export interface TreeObject {
  readonly [key: string]: Tree;
}

/** Decodes properties from the wire format. */
export function decode(struct: structPb.Struct | undefined): TreeObject {
  const tree = decodeValue((struct?.toJavaScript() ?? {}) as JsonValue);
  return isObject(tree) ? tree : {};
}

/** Encodes properties for the wire format, without `undefined` members. */
export function encode(tree: TreeObject): structPb.Struct {
  const value = encodeValue(tree);
  return structPb.Struct.fromJavaScript(value as { [key: string]: structPb.JavaScriptValue });
}

/** Whether it is an object, and not a list, a secret or unknown. */
export function isObject(tree: Tree | undefined): tree is TreeObject {
  return (
    typeof tree === "object" &&
    tree !== null &&
    !Array.isArray(tree) &&
    !(tree instanceof Unknown) &&
    !(tree instanceof Secret)
  );
}

/** The tree with its secrets revealed; unknown values stay unknown. */
export function reveal(tree: Tree): Tree {
  if (tree instanceof Secret) return reveal(tree.open());
  if (Array.isArray(tree)) return tree.map(reveal);
  if (!isObject(tree)) return tree;
  return Object.fromEntries(Object.entries(tree).map(([key, child]) => [key, reveal(child)]));
}

/** The inputs or outputs with their secrets revealed, for requests to the vendor only. */
export function revealed(tree: TreeObject): TreeObject {
  const plain = reveal(tree);
  return isObject(plain) ? plain : {};
}

/** Whether any part is unknown. */
export function hasUnknown(tree: Tree): boolean {
  if (tree instanceof Unknown) return true;
  if (tree instanceof Secret) return hasUnknown(tree.value);
  if (Array.isArray(tree)) return tree.some(hasUnknown);
  return isObject(tree) && Object.values(tree).some(hasUnknown);
}

/** Wraps the values of a plain tree as secrets at the places where `model` has secrets. */
export function keepSecrets(plain: Tree, model: Tree | undefined): Tree {
  if (model instanceof Secret) return new Secret(plain);
  if (isObject(plain) && isObject(model)) {
    return Object.fromEntries(
      Object.entries(plain).map(([key, child]) => [key, keepSecrets(child, model[key])]),
    );
  }
  if (Array.isArray(plain) && Array.isArray(model)) {
    return plain.map((child, index) => keepSecrets(child, model[index]));
  }
  return plain;
}

type JsonValue = null | boolean | number | string | JsonValue[] | { [key: string]: JsonValue };

function decodeValue(value: JsonValue): Tree {
  if (UNKNOWN_SENTINELS.has(value)) return UNKNOWN;
  if (Array.isArray(value)) return value.map(decodeValue);
  if (typeof value !== "object" || value === null) return value;
  const signature = value[SIGNATURE_KEY];
  if (signature === SECRET_SIGNATURE) return new Secret(decodeValue(value["value"] ?? null));
  if (signature !== undefined) {
    throw new Error("Assets, archives and resource references are not supported inputs.");
  }
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, decodeValue(child)]));
}

function encodeValue(tree: Tree): JsonValue {
  if (tree instanceof Unknown) return UNKNOWN_STRING;
  if (tree instanceof Secret) {
    return { [SIGNATURE_KEY]: SECRET_SIGNATURE, value: encodeValue(tree.value) };
  }
  if (Array.isArray(tree)) return tree.map(encodeValue);
  if (!isObject(tree)) return tree as JsonValue;
  return Object.fromEntries(
    Object.entries(tree)
      .filter(([, child]) => child !== undefined)
      .map(([key, child]) => [key, encodeValue(child)]),
  );
}

/** One segment of a property path: a name or an index. */
export type PathStep = string | number;

/** A path as Pulumi writes it: `disk.sizeGb`, `env["A.B"]`, `rules[0].name`. */
export function renderPath(steps: readonly PathStep[]): string {
  return steps.map(renderStep).join("").replace(/^\./, "");
}

const PLAIN_NAME = /^[A-Za-z_][A-Za-z0-9_-]*$/;

function renderStep(step: PathStep): string {
  if (typeof step === "number") return `[${step}]`;
  return PLAIN_NAME.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`;
}
