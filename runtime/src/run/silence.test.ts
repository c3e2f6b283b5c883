import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { collectLog } from "../../testing/log-lines.ts";
import { silencedUntil } from "./silence.ts";

const NOW = new Date("2026-03-01T10:00:00Z");
const SOON = NOW.getTime() / 1000 + 60;

async function ask(content: string | undefined) {
  const directory = mkdtempSync(join(tmpdir(), "opspec-silence-"));
  if (content !== undefined) writeFileSync(join(directory, "silenced.json"), content);
  const { log, lines } = collectLog();
  const until = await silencedUntil({ directory, file: "silenced.json", now: NOW, log });
  return { until, warnings: lines.filter(({ level }) => level === "warn").length };
}

test.each([
  [undefined, undefined, 0],
  [JSON.stringify({ silenced_until: SOON, reason: "deploy" }), new Date(SOON * 1000), 0],
  [JSON.stringify({ silenced_until: SOON - 60 }), undefined, 0],
  ["{ silenced", undefined, 1],
  [JSON.stringify({ silenced_until: "later" }), undefined, 1],
])(
  "the silence file %s silences until %s: it ends by itself, and one that is corrupt silences nothing",
  async (content, until, warnings) => {
    expect(await ask(content)).toEqual({ until, warnings });
  },
);
