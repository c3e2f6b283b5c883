import { z } from "zod";
import type { Deployment } from "./deployment.ts";
import { type Finding, finding, unchecked } from "./finding.ts";
import { postAbout } from "./ops.ts";
import type { Reach } from "./reach.ts";

/** The result of a test message, from the runtime. */
const Tests = z.object({
  channels: z.array(
    z.object({ result: z.enum(["sent", "skipped", "error"]), why: z.string().nullable() }),
  ),
});

/** Sends a test message through an alert channel. */
export async function channelFinding(
  channel: string,
  deployment: Deployment,
  reach: Reach,
): Promise<Finding> {
  const name = `alert channel ${channel} delivers a test message`;
  const post = { channel, actor: "manual verify" };
  const question = { deployment, reach, schema: Tests, post };
  const answer = await postAbout(channel, "/ops/alerts/test", question);
  if ("unchecked" in answer) return unchecked(name, answer.unchecked);
  if ("problem" in answer) return finding(name, answer.problem);
  const [test] = answer.value.channels;
  if (test?.result === "sent") return finding(name, undefined);
  const skipped = "it is not set up: one of its variables is not set.";
  return finding(name, test?.result === "error" ? `it failed: ${test.why}.` : skipped);
}
