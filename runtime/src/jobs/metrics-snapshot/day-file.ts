import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { stampOf } from "../file.ts";
import { appendLine } from "../../state/stores/line-file.ts";

/** `metrics_20260106.jsonl`, in UTC. Other files of the directory are nobody's business here. */
const NAME = /^metrics_\d{8}\.jsonl$/;

/** The file of a moment's day. */
export function dayFile(at: Date): string {
  return `metrics_${stampOf(at).slice(0, 8)}.jsonl`;
}

/** Adds a line to the day's file and removes the oldest files beyond those that are kept. */
export async function addLine(
  { directory, keepDays }: { directory: string; keepDays: number },
  at: Date,
  line: object,
): Promise<{ file: string; removed: string[] }> {
  const file = dayFile(at);
  appendLine(join(directory, file), JSON.stringify(line));
  const files = (await readdir(directory)).filter((name) => NAME.test(name)).toSorted();
  const removed = files.slice(0, Math.max(0, files.length - keepDays));
  for (const name of removed) await rm(join(directory, name), { force: true });
  return { file, removed };
}
