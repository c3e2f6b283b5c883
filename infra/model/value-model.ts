/** The resolved value of an environment variable; unknown while it depends on a resource. */
export type EnvValue =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "secret"; readonly secret: string }
  | {
      readonly kind: "reference";
      /** Key of a service or static site. */
      readonly service: string;
      readonly property: "url" | "privateUrl";
      /** Appended to the URL. */
      readonly path?: string;
      /** Port of a private URL, if it is not Render's default. */
      readonly port?: number;
    }
  | {
      readonly kind: "database";
      readonly database: string;
      readonly property: DatabaseProperty;
    }
  | {
      readonly kind: "keyValue";
      readonly keyValue: string;
      readonly property: "internalUrl" | "externalUrl";
    };

export type DatabaseProperty =
  | "internalUrl"
  | "externalUrl"
  | "host"
  | "port"
  | "user"
  | "password"
  | "name";

/** Pulumi options of one resource. */
export interface KeyedModel {
  /** Key in the spec: the Pulumi name. Renaming it replaces the resource, unless `formerly` has the old one. */
  readonly key: string;
  /** Earlier keys: Pulumi aliases. */
  readonly formerly?: readonly string[];
  readonly pulumi?: PulumiModel;
}

/** Pulumi options of a resource: identity, protection and import. */
export interface PulumiModel {
  readonly protect?: boolean | undefined;
  readonly retainOnDelete?: boolean | undefined;
  readonly ignoreChanges?: readonly string[] | undefined;
  readonly import?: string | undefined;
  /** An input of the resource: the provider adopts the existing resource with the same name. */
  readonly adopt?: boolean | undefined;
}

/** The source of code or image. */
export type SourceModel =
  | {
      readonly kind: "repo";
      readonly repo: string;
      readonly branch: string;
      readonly rootDir?: string;
    }
  | { readonly kind: "image"; readonly image: string; readonly registry?: string };

/** A secret file mounted at /etc/secrets/<name>. */
export interface SecretFileModel {
  readonly name: string;
  /** The content in clear text; empty when it is the value of `secret`. */
  readonly content: string;
  readonly secret?: string;
}

/** Addresses outside Render that may connect. */
export interface AllowListEntry {
  readonly cidr: string;
  readonly description: string;
}
