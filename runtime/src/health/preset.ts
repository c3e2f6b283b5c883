import type { Registry } from "prom-client";
import type { Env } from "../contract/env.ts";
import type { ManifestCheck } from "../contract/health.ts";
import type { RuntimeManifest } from "../contract/manifest.ts";
import type { RecordStore } from "../contract/run-record.ts";
import type { Clock } from "../run/clock.ts";
import type { Check, CheckResult, Evidence } from "./check.ts";
import type { EventTally, Reports, RunTally } from "./reports.ts";

/** One path of health. */
export interface Route {
  /** The manifest moves the route to another path by this name. */
  readonly name: string;
  readonly path: string;
  /** Needs the metrics key, where one is declared. */
  readonly isGuarded?: boolean;
  /** @param request its id, and whether the client asks for JSON */
  readonly answer: (request: { id: string; wantsJson: boolean }) => Response | Promise<Response>;
}

/** Paths and bodies that other programs rely on. */
export interface Preset {
  /** Headers from which a request's id is taken; the first one is set on the answer. */
  readonly requestIdHeaders: readonly string[];
  /** Variable with the key of the metrics, and its header, where the manifest has none. */
  readonly metricsKey?: { readonly env: string; readonly header: string };
  /** Checks that the answers need, where the manifest declares none of that name, probe or queue. */
  readonly checks: readonly Check[];
  routes(view: HealthView): Route[];
  /** Registers more metrics. */
  instrument?(view: HealthView): void;
}

/** A preset is made once for each process, because its checks hold connections. */
export type PresetMaker = (context: ProbeContext) => Preset;

/** What probes use. */
export interface ProbeContext {
  readonly env: Env;
  /** Base of relative paths. */
  readonly directory: string;
  readonly records: Pick<RecordStore, "list"> | undefined;
  readonly reports: Reports;
  /** The URL of the supervised app while it listens. */
  readonly appUrl: (() => string | undefined) | undefined;
  readonly clock: Clock;
}

/** The target of a probe of this kind, as it stands in the manifest. */
export type ProbeTarget<K extends ManifestCheck["probe"]["kind"]> = Omit<
  Extract<ManifestCheck["probe"], { kind: K }>,
  "kind"
>;

/** Everything that is known without waiting. Answers and metrics are made from it alone. */
export interface HealthView {
  /** Which process of which system this is. */
  readonly identity: Pick<RuntimeManifest, "system" | "stack" | "environment" | "process">;
  readonly env: Env;
  readonly clock: Clock;
  readonly startedAt: Date;
  readonly reports: Reports;
  readonly runs: RunTally;
  readonly events: EventTally;
  readonly registry: Registry;
  results(): readonly CheckResult[];
  evidence(): Evidence;
}

/** The app's own version, from the environment. Render and the VM's deploys set a commit. */
export function appVersion(env: Env): string {
  return env["APP_VERSION"] ?? env["RENDER_GIT_COMMIT"] ?? env["GIT_SHA"] ?? "unknown";
}
