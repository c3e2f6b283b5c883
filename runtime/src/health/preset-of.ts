import type { ManifestHealth } from "../contract/health.ts";
import type { PresetMaker } from "./preset.ts";
import { c1cRecruitmentPreset } from "./presets/c1c-recruitment.ts";
import { chorizaurioPreset } from "./presets/chorizaurio.ts";
import { joslynAiApiPreset } from "./presets/joslyn-ai-api.ts";
import { joslynAiWorkerPreset } from "./presets/joslyn-ai-worker.ts";
import { opspecPreset } from "./default-preset.ts";
import { parlayGorillaPreset } from "./presets/parlay-gorilla.ts";
import { vegaCockpitPreset } from "./presets/vega-cockpit.ts";

/** The shapes by the names that manifests use. */
export const PRESETS: Readonly<Record<NonNullable<ManifestHealth["preset"]>, PresetMaker>> = {
  opspec: opspecPreset,
  "vega-cockpit": vegaCockpitPreset,
  "joslyn-ai-api": joslynAiApiPreset,
  "joslyn-ai-worker": joslynAiWorkerPreset,
  "parlay-gorilla": parlayGorillaPreset,
  chorizaurio: chorizaurioPreset,
  "c1c-recruitment": c1cRecruitmentPreset,
};
