import { chorizaurioOps } from "./presets/chorizaurio.ts";
import { parlayGorillaOps } from "./presets/parlay-gorilla.ts";
import type { OpsPresets } from "./route.ts";

/** The runbooks' own paths, by the health preset of their process. */
export const OPS_PRESETS: OpsPresets = {
  chorizaurio: chorizaurioOps,
  "parlay-gorilla": parlayGorillaOps,
};
