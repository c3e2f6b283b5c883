import { z } from "zod";
import { AlertsSpec } from "./alert.ts";
import { DatabaseSpec, KeyValueSpec } from "./database.ts";
import { EnvGroupSpec } from "./env-group.ts";
import { EnvRuleSpec } from "./env-rule.ts";
import { JobSpec } from "./job.ts";
import { OverlaySpec } from "./overlay.ts";
import { RenderSpec } from "./render.ts";
import { RuntimeSourceSpec } from "./runtime-source.ts";
import { EnvName, Key } from "./scalar.ts";
import { TimezoneSpec } from "./schedule.ts";
import { SecretSpec } from "./secret.ts";
import { ServiceSpec } from "./service.ts";
import { RegistrySpec } from "./source.ts";
import { StackStoresSpec } from "./stores.ts";
import { CacheSpec, ToggleSpec } from "./toggle.ts";
import { CheckSpec } from "./verify.ts";
import { EdgeSpec, VmSpec } from "./vm.ts";

/** The keys of a `stacks/<stack>.ops.yaml`. */
export const StackSpec = z
  .strictObject({
    version: z
      .literal(1)
      .optional()
      .meta({ description: "Version of this format. Default: 1.", examples: [1] }),
    system: Key.meta({
      description: "Name of the system. It begins the names of everything on Render.",
      examples: ["vega-cockpit"],
    }),
    environment: z
      .enum(["production", "staging"])
      .optional()
      .meta({
        description:
          "Kind of environment. Rules for production apply only in production. Default: production.",
        examples: ["production"],
      }),
    timezone: TimezoneSpec.meta({
      description: "IANA time zone in which times of day are written. Default: UTC.",
      examples: ["America/Mazatlan"],
    }),
    extends: Key.optional().meta({
      description:
        "Stack that this stack extends. Blocks are merged key by key, and null removes a key. Sources, schedules, variables and lists are replaced as a whole.",
      examples: ["joslyn-ai"],
    }),
    render: RenderSpec,
    runtimeSource: RuntimeSourceSpec.optional(),
    secrets: z
      .record(EnvName, SecretSpec)
      .optional()
      .meta({
        description: "Secrets by name.",
        examples: [{ SENDGRID_API_KEY: { required: "warn", maxAge: "90d" } }],
      }),
    registries: z
      .record(Key, RegistrySpec)
      .optional()
      .meta({ description: "Container registry accounts by key." }),
    envGroups: z
      .record(Key, EnvGroupSpec)
      .optional()
      .meta({ description: "Shared variables and files, by key." }),
    envRules: z
      .array(EnvRuleSpec)
      .optional()
      .meta({
        description: "Rules for the environment variables of the services.",
        examples: [[{ forbid: "ALLOW_HEADER_AUTH", in: "production" }]],
      }),
    services: z.record(Key, ServiceSpec).optional().meta({ description: "Services by key." }),
    databases: z
      .record(Key, DatabaseSpec)
      .optional()
      .meta({ description: "Postgres databases by key." }),
    keyValues: z
      .record(Key, KeyValueSpec)
      .optional()
      .meta({ description: "Key Value stores by key." }),
    vms: z.record(Key, VmSpec).optional().meta({ description: "Virtual machines by key." }),
    edge: EdgeSpec.optional(),
    toggles: z
      .record(Key, ToggleSpec)
      .optional()
      .meta({
        description: "Switches that an operator changes while the system runs, by key.",
        examples: [{ digest: { env: "FEATURE_DIGEST" } }],
      }),
    caches: z
      .record(Key, CacheSpec)
      .optional()
      .meta({
        description: "Data that the runtime refreshes in the background, by key.",
        examples: [{ clans: { source: { file: "data/clans.json" }, ttl: "3h" } }],
      }),
    stores: StackStoresSpec.optional(),
    alerts: AlertsSpec.optional(),
    log: z
      .strictObject({
        level: z
          .enum(["debug", "info", "warn", "error"])
          .optional()
          .meta({ description: "Lowest level that is written.", examples: ["info"] }),
        traceField: z
          .string()
          .regex(/^[A-Za-z_]\w*$/, "should be the name of a field such as request_id")
          .optional()
          .meta({
            description: "Field with the id of a request or run. Default: trace.",
            examples: ["request_id"],
          }),
      })
      .optional()
      .meta({
        description: "Format of the runtime's log lines.",
        examples: [{ traceField: "request_id" }],
      }),
    jobs: z.record(Key, JobSpec).optional().meta({ description: "Jobs by key." }),
    overlays: z
      .record(Key, OverlaySpec)
      .optional()
      .meta({ description: "Sets of values for incidents, by name." }),
    resources: z
      .string()
      .regex(/^\.\/[\w.-]+\.ts$/, "should be a file beside this one, such as ./shop.resources.ts")
      .optional()
      .meta({
        description:
          "Module beside this file whose function resources(stack) makes plain Pulumi resources.",
        examples: ["./shop.resources.ts"],
      }),
    verify: z
      .array(CheckSpec)
      .optional()
      .meta({
        description: "Checks that must pass after a deploy.",
        examples: [[{ http: "web", path: "/", status: 200 }]],
      }),
  })
  .meta({ description: "Everything that one system runs." });

export type StackSpec = z.infer<typeof StackSpec>;

/** What is left of a spec when its invalid parts are dropped; rules of meaning run on it. */
export type PartialStackSpec = DeepPartial<StackSpec>;

/** The same with everything optional, at every depth. */
export type DeepPartial<T> = T extends readonly (infer Item)[]
  ? readonly (DeepPartial<Item> | undefined)[]
  : T extends object
    ? { readonly [K in keyof T]?: DeepPartial<T[K]> | undefined }
    : T;
