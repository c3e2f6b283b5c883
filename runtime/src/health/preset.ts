import type { Check } from "./check.ts";
import type { ProbeContext } from "./probes/probe.ts";
import type { HealthView } from "./view.ts";

/** What a request is answered with. */
export interface Answer {
  readonly status: number;
  /** Sent as JSON, unless a content type says that it is text. */
  readonly body: unknown;
  readonly contentType?: string;
}

/** What an answer may depend on besides what is known. */
export interface AnswerRequest {
  /** Id of the request. */
  readonly id: string;
  /** It asks for JSON. */
  readonly wantsJson: boolean;
}

/** One path that is answered. */
export interface Route {
  /** By which the manifest moves it to another path. */
  readonly name: string;
  readonly path: string;
  /** Only with the metrics key, where one is declared. */
  readonly isGuarded?: boolean;
  readonly answer: (request: AnswerRequest) => Answer | Promise<Answer>;
}

/** Answers in a shape that other programs rely on. */
export interface Preset {
  /** Headers in which a request's id is taken; the first one is the answer's. */
  readonly requestIdHeaders: readonly string[];
  /** Variable with the key of the metrics, and the header that carries it, unless the manifest says. */
  readonly metricsKey?: { readonly env: string; readonly header: string };
  /** Checks that the shape needs, where the manifest declares none of that name, probe or queue. */
  readonly checks: readonly Check[];
  routes(view: HealthView): Route[];
  /** Adds metrics under the names of the shape. */
  instrument?(view: HealthView): void;
}

/** A preset is made once for each process, because its checks hold connections. */
export type PresetMaker = (context: ProbeContext) => Preset;
