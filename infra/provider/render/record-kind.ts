import type { z } from "zod";
import type { ResourceContract } from "../../resources/contract.ts";
import type { adoptField } from "../../resources/render/consent-fields.ts";
import type { Known } from "../kit/plugin.ts";
import type { Json, JsonObject } from "./answer.ts";
import type { BodyFields } from "./body-fields.ts";
import type { RenderCall } from "./service-place.ts";

/** A contract of anything at Render that has a name and is no service. */
export type RecordContract = ResourceContract<
  z.ZodObject<{ name: z.ZodString } & typeof adoptField>
>;

/** Everything that is no service: what Render calls it, where it is, and what is special about it. */
export interface RecordKind {
  readonly contract: RecordContract;
  /** In words, for messages: `Postgres database`. */
  readonly noun: string;
  /** Where the spec has its options, when it is not a `pulumi:` of its own. */
  readonly optionsKey?: string;
  /** Where all of its kind are: `/postgres`. */
  readonly path: string;
  /** Name in the envelopes of its list; a bare list has none. */
  readonly listNoun?: string;
  /** The input that a list is asked for by. */
  readonly scope: "ownerId" | "projectId";
  readonly fields: BodyFields;
  /** Render's PATCH wants every field, not only what differs. */
  readonly patchesAll?: boolean;
  /** What a POST says that no input does. */
  readonly bodyOfNew?: (inputs: JsonObject, urn: string) => JsonObject;
  /** A proof that it is ours; without one, the create journal of this machine decides. */
  readonly isOurs?: (record: Json, call: RenderCall) => Promise<boolean>;
  /** Inputs as they are to be compared, where the record alone does not say it. */
  readonly observe?: (observed: ObservedRecord, call: RenderCall) => Promise<JsonObject>;
  /** What calls of their own change. */
  readonly sync?: (change: RecordChange, call: RenderCall) => Promise<void>;
  /** Waits until it can be used. */
  readonly settle?: (id: string, call: RenderCall) => Promise<void>;
  readonly outputs: (made: MadeRecord, call: RenderCall) => Promise<JsonObject>;
}

/** A record as Render answers it, its inputs as its fields say them, and what state knows. */
export interface ObservedRecord {
  readonly record: Json;
  readonly inputs: JsonObject;
  readonly known: Known;
  readonly isImported: boolean;
}

/** What a record is to become. */
export interface RecordChange {
  readonly id: string;
  readonly inputs: JsonObject;
  readonly old: JsonObject;
}

/** A record that exists, with its inputs as they are declared or, after a read, observed. */
export interface MadeRecord {
  readonly id: string;
  readonly inputs: JsonObject;
  readonly known: Known;
  /** A read makes no calls for outputs that state has. */
  readonly isRead: boolean;
}
