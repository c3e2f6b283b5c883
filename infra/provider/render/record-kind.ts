import type { z } from "zod";
import type { ResourceContract } from "../../resources/contract.ts";
import type { adoptField } from "../../resources/render/consent-fields.ts";
import type { Known } from "../kit/plugin.ts";
import type { Json, JsonObject } from "./answer.ts";
import type { BodyFields } from "./body-fields.ts";
import type { RenderCall } from "./service-place.ts";

/** A contract of a named resource that is not a service. */
export type RecordContract = ResourceContract<
  z.ZodObject<{ name: z.ZodString } & typeof adoptField>
>;

/**
 * A kind of record, that is, of a resource that is not a service: its paths, names and special
 * rules.
 */
export interface RecordKind {
  readonly contract: RecordContract;
  /** In words, for messages: `Postgres database`. */
  readonly noun: string;
  /** The spec path of its Pulumi options, when it has no own `pulumi:` key. */
  readonly optionsKey?: string;
  /** Path of its list: `/postgres`. */
  readonly path: string;
  /** The envelope's member in its list; a bare list has none. */
  readonly listNoun?: string;
  /** The input by which the list is filtered. */
  readonly scope: "ownerId" | "projectId";
  readonly fields: BodyFields;
  /** Render's PATCH requires every field. */
  readonly patchesAll?: boolean;
  /** Additional fields of a POST. */
  readonly bodyOfNew?: (inputs: JsonObject, urn: string) => JsonObject;
  /** The proof that it is ours; without one the create journal decides. */
  readonly isOurs?: (record: Json, call: RenderCall) => Promise<boolean>;
  /** Additional inputs for the comparison that the record does not contain. */
  readonly observe?: (observed: ObservedRecord, call: RenderCall) => Promise<JsonObject>;
  /** Removes the links that Render does not allow out of the record's environment. */
  readonly unlink?: (record: Json, call: RenderCall) => Promise<void>;
  /** Changes that need separate calls. */
  readonly sync?: (change: RecordChange, call: RenderCall) => Promise<void>;
  /** Waits until it is available. */
  readonly settle?: (id: string, call: RenderCall) => Promise<void>;
  readonly outputs: (made: MadeRecord, call: RenderCall) => Promise<JsonObject>;
}

/** A record in Render's answer, with its inputs and the known state. */
export interface ObservedRecord {
  readonly record: Json;
  readonly inputs: JsonObject;
  readonly known: Known;
  readonly isImported: boolean;
}

/** The wanted record. */
export interface RecordChange {
  readonly id: string;
  readonly inputs: JsonObject;
  readonly old: JsonObject;
}

/** An existing record with its declared or observed inputs. */
export interface MadeRecord {
  readonly id: string;
  readonly inputs: JsonObject;
  readonly known: Known;
  /** Outputs in state, which a read does not request again. */
  readonly isRead: boolean;
}
