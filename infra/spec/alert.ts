import { z } from "zod";
import { AlertChannelSpec } from "./alert-channel.ts";
import { redisList } from "./reference.ts";
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
        ...redisList,
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
  .meta({ id: "alertRule", description: "A rule over what is measured." });

/** Who is told of what. */
export const AlertsSpec = z
  .strictObject({
    channels: z.record(Key, AlertChannelSpec).meta({
      description: "Where alerts are sent, by name.",
      examples: [{ ops: { webhook: { secret: "WEBHOOK_URL" } } }],
    }),
    group: Duration.optional().meta({
      description:
        "The first alert waits so long for others, and all go in one message. When it is not given it is sent at once, and those that come before the channel is free again follow in one message.",
      examples: ["30s"],
    }),
    dedupe: Duration.optional().meta({
      description:
        "An equal alert is counted and not sent again before; 10m when it is not given. Times, ids and durations do not make two alerts different.",
      examples: ["10m"],
    }),
    repeat: Duration.optional().meta({
      description:
        "An alert that comes again and again and is not over is told so often at most; as dedupe when it is not given.",
      examples: ["4h"],
    }),
    limit: Duration.optional().meta({
      description:
        "Shortest time between two messages of a channel; 10s when it is not given. What comes meanwhile is told in the next message, and what is too much is counted there.",
      examples: ["10s"],
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
    id: "alerts",
    description: "Who is told of what. Without it nobody is told of a failed job.",
    examples: [{ channels: { ops: { webhook: { secret: "WEBHOOK_URL" } } } }],
  });

export type AlertsSpec = z.infer<typeof AlertsSpec>;
