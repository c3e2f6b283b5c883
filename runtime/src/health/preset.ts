import type { Registry } from "prom-client";
import type { Env } from "../contract/env.ts";
import type { RuntimeManifest } from "../contract/manifest.ts";
import type { RecordStore } from "../contract/run-record.ts";
import type { Clock } from "../run/clock.ts";
import type { Check, CheckResult, Evidence } from "./check.ts";
import type { EventTally, Reports } from "./reports.ts";
import type { RunTally } from "./run-tally.ts";

/** What a request is answered with. */
export interface Answer {
  readonly status: number;
  /** Sent as JSON, unless there is a content type: then it is a text. */
  readonly body: unknown;
  readonly contentType?: string;
}

/** What an answer may depend on besides the view. */
export interface AnswerRequest {
  /** Id of the request. */
  readonly id: string;
  /** The client asks for JSON. */
  readonly wantsJson: boolean;
}

/** One path of health. */
export interface Route {
  /** The manifest moves the route to another path by this name. */
  readonly name: string;
  readonly path: string;
  /** Needs the metrics key, where one is declared. */
  readonly isGuarded?: boolean;
  readonly answer: (request: AnswerRequest) => Answer | Promise<Answer>;
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

/** Which process of which system this is. */
export type Identity = Pick<RuntimeManifest, "system" | "stack" | "environment" | "process">;

/** Everything that is known without waiting. Answers and metrics are made from it alone. */
export interface HealthView {
  readonly identity: Identity;
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

/** Seconds from an instant to now, or null when it never was. */
export function secondsSince(at: Date | undefined, clock: Clock): number | null {
  return at ? Math.max(0, (clock.now().getTime() - at.getTime()) / 1000) : null;
}
