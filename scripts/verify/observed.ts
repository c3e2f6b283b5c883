import type { Json } from "../../infra/provider/render/answer.ts";

/** Named texts: environment variables, or the contents of files. */
export type Texts = Readonly<Record<string, string>>;

/** A service, static site or cron job as Render returns it. */
export interface ObservedService {
  readonly service: Json;
  readonly env: Texts;
  readonly secretFiles: Texts;
  /** Status of the newest deploy. */
  readonly deploy: string | undefined;
  /** When the newest deploy ended. */
  readonly deployedAt?: string | undefined;
  /** Headers and routes of a static site. */
  readonly headers: readonly Json[];
  readonly routes: readonly Json[];
  /** Custom domains with the status of their DNS verification at Render. */
  readonly domains: Readonly<Record<string, string>>;
}

/** An env group as Render returns it. */
export interface ObservedGroup {
  readonly group: Json;
  readonly env: Texts;
  readonly secretFiles: Texts;
  /** Ids of the linked services. */
  readonly linked: readonly string[];
}

/** A database or key value as Render returns it, with its connection strings. */
export interface ObservedDatastore {
  readonly datastore: Json;
  readonly connection: Json;
}

/** The existing resources by spec key. A missing key means deleted or never created. */
export type ByKey<T> = Readonly<Record<string, T | undefined>>;

/**
 * Everything that the checks compare. It contains secret values, so it is never printed as a whole.
 */
export interface ObservedStack {
  /** Includes static sites, which share the services' keys. */
  readonly services: ByKey<ObservedService>;
  readonly jobs: ByKey<ObservedService>;
  readonly envGroups: ByKey<ObservedGroup>;
  readonly databases: ByKey<ObservedDatastore>;
  readonly keyValues: ByKey<ObservedDatastore>;
  readonly registries: ByKey<Json>;
  /** The stack's environment and its project. */
  readonly environment?: Json | undefined;
  readonly project?: Json | undefined;
}
