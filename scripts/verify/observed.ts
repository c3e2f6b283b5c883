import type { Json } from "../../infra/provider/render/answer.ts";

/** Named texts: environment variables, or the contents of files. */
export type Texts = Readonly<Record<string, string>>;

/** A service, static site or cron job as Render has it now. */
export interface ObservedService {
  readonly service: Json;
  readonly env: Texts;
  readonly secretFiles: Texts;
  /** Status of the newest deploy. */
  readonly deploy: string | undefined;
  /** Host names of its own, with Render's word on whether their DNS leads to it. */
  readonly domains: Readonly<Record<string, string>>;
}

/** An env group as Render has it now. */
export interface ObservedGroup {
  readonly group: Json;
  readonly env: Texts;
  readonly secretFiles: Texts;
  /** Ids of the services that are linked to it. */
  readonly linked: readonly string[];
}

/** A database or key-value store as Render has it now, with how to connect to it. */
export interface ObservedDatastore {
  readonly datastore: Json;
  readonly connection: Json;
}

/** What was found, by key of the spec. Missing means gone, or never made. */
export type ByKey<T> = Readonly<Record<string, T | undefined>>;

/** Everything that the checks compare. Holds values of secrets, so nothing of it is printed as a whole. */
export interface ObservedStack {
  /** Static sites among them: they share the keys of the spec. */
  readonly services: ByKey<ObservedService>;
  readonly jobs: ByKey<ObservedService>;
  readonly envGroups: ByKey<ObservedGroup>;
  readonly databases: ByKey<ObservedDatastore>;
  readonly keyValues: ByKey<ObservedDatastore>;
  readonly registries: ByKey<Json>;
  /** The environment in which the stack stands, and the project that it is of. */
  readonly environment?: Json | undefined;
  readonly project?: Json | undefined;
}
