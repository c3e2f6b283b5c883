import { z } from "zod";
import { HiddenValue, RedisAddress } from "./reference.ts";
import { Duration, Key } from "./scalar.ts";

const bounds = {
  in: Key.meta({ description: "The service whose runtime watches it.", examples: ["api"] }),
  above: z
    .number()
    .optional()
    .meta({ description: "The value is above it.", examples: [0] }),
  growth: z
    .number()
    .min(0)
    .optional()
    .meta({ description: "The value grew by more than this within the time.", examples: [50] }),
  ratePerMinute: z
    .number()
    .min(0)
    .optional()
    .meta({ description: "More than so many a minute within the time.", examples: [3] }),
  within: Duration.optional().meta({
    description: "The time for growth and rate.",
    examples: ["10m"],
  }),
  for: Duration.optional().meta({
    description: "It must hold for so long before anybody is told.",
    examples: ["10m"],
  }),
};

/** A rule over what is measured. */
const AlertRuleSpec = z
  .union([
    z
      .strictObject({
        metric: z
          .string()
          .min(1)
          .meta({ description: "Name of the metric.", examples: ["joslyn_queue_depth"] }),
        labels: z
          .record(z.string(), z.string())
          .optional()
          .meta({ description: "Labels that must match.", examples: [{ queue: "jobs" }] }),
        ...bounds,
      })
      .meta({ description: "A metric of the service." }),
    z
      .strictObject({
        queue: z
          .string()
          .min(1)
          .meta({ description: "Key of the list.", examples: ["jobs:dead"] }),
        of: RedisAddress.meta({ description: "The store.", examples: [{ keyValue: "queue" }] }),
        ...bounds,
      })
      .meta({ description: "Length of a list in Redis." }),
    z
      .strictObject({
        event: z
          .string()
          .min(1)
          .meta({ description: "Name of the event.", examples: ["job.failed"] }),
        ...bounds,
      })
      .meta({ description: "Events that the app reports." }),
  ])
  .meta({ description: "A rule over what is measured." });

/** Who is told of what. */
export const AlertsSpec = z
  .strictObject({
    channels: z
      .record(
        Key,
        z
          .strictObject({
            webhook: HiddenValue.meta({
              description: "Where the URL is; an unset one is skipped, which is no failure.",
              examples: [{ secret: "WEBHOOK_URL" }],
            }),
          })
          .meta({ description: "A POST of the alert as JSON." }),
      )
      .meta({
        description: "Where alerts are sent, by name.",
        examples: [{ ops: { webhook: { secret: "WEBHOOK_URL" } } }],
      }),
    rules: z
      .record(Key, AlertRuleSpec)
      .optional()
      .meta({
        description: "What is watched besides the jobs, by name.",
        examples: [
          {
            "dead-letters": {
              queue: "jobs:dead",
              of: { keyValue: "queue" },
              in: "api",
              above: 0,
              for: "10m",
            },
          },
        ],
      }),
  })
  .meta({
    description: "Who is told of what. Without it nobody is told of a failed job.",
    examples: [{ channels: { ops: { webhook: { secret: "WEBHOOK_URL" } } } }],
  });

export type AlertsSpec = z.infer<typeof AlertsSpec>;
