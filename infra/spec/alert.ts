import { z } from "zod";
import { AlertChannelSpec } from "./alert-channel.ts";
import { redisList } from "./reference.ts";
import { Duration, Key } from "./scalar.ts";

const place = {
  in: Key.meta({ description: "Service whose runtime evaluates the rule.", examples: ["api"] }),
  for: Duration.optional().meta({
    description: "How long the condition must hold before the alert fires.",
    examples: ["10m"],
  }),
};

const bounds = {
  ...place,
  above: z
    .number()
    .optional()
    .meta({ description: "Fire when the value is above this number.", examples: [0] }),
  below: z
    .number()
    .optional()
    .meta({
      description:
        "Fire when the value is below this number. A value that cannot be read is an alert of its own.",
      examples: [1],
    }),
  growth: z
    .number()
    .min(0)
    .optional()
    .meta({
      description: "Fire when the value grows by more than this within the time window.",
      examples: [50],
    }),
  ratePerMinute: z
    .number()
    .min(0)
    .optional()
    .meta({
      description: "Fire when more than this many per minute occur within the time window.",
      examples: [3],
    }),
  within: Duration.optional().meta({
    description: "Time window of growth and ratePerMinute.",
    examples: ["10m"],
  }),
};

/** An alert rule over a measured value. */
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
          .meta({
            description: "Labels that the metric must have.",
            examples: [{ queue: "jobs" }],
          }),
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
    z
      .strictObject({
        check: Key.meta({
          description: "Health check of the service; the rule fires while it fails.",
          examples: ["database"],
        }),
        ...place,
      })
      .meta({ description: "A health check that fails." }),
  ])
  .meta({ id: "alertRule", description: "An alert rule over a measured value." });

/** Alert channels and rules. */
export const AlertsSpec = z
  .strictObject({
    channels: z.record(Key, AlertChannelSpec).meta({
      description: "Alert channels by name.",
      examples: [{ ops: { webhook: { secret: "WEBHOOK_URL" } } }],
    }),
    group: Duration.optional().meta({
      description:
        "How long the first alert waits so that others can join its message. Alerts that arrive before the channel's rate limit allows the next message are grouped in that message. Default: 0s.",
      examples: ["30s"],
    }),
    dedupe: Duration.optional().meta({
      description:
        "Time in which an equal alert is counted and not sent again. Default: 10m. Times, ids and durations do not make two alerts different.",
      examples: ["10m"],
    }),
    repeat: Duration.optional().meta({
      description:
        "Minimum time between reminders while an alert is firing. Default: the value of dedupe.",
      examples: ["4h"],
    }),
    limit: Duration.optional().meta({
      description:
        "Rate limit: minimum time between two messages of a channel. Default: 10s. Alerts that arrive in between are in the next message, which counts those that do not fit.",
      examples: ["10s"],
    }),
    rules: z
      .record(Key, AlertRuleSpec)
      .optional()
      .meta({
        description: "Alert rules by name, in addition to the alerts of jobs.",
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
    description: "Alert channels and rules. Without it nobody receives alerts of failed jobs.",
    examples: [{ channels: { ops: { webhook: { secret: "WEBHOOK_URL" } } } }],
  });

export type AlertsSpec = z.infer<typeof AlertsSpec>;
