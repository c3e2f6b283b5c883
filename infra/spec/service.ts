import { HEALTH_PRESETS } from "@opspec/runtime/contract";
import { z } from "zod";
import { AllowListSpec } from "./allow-list.ts";
import { AllowDataLoss } from "./data-loss.ts";
import { DiskSpec } from "./disk.ts";
import { EnvSpec, SecretFilesSpec } from "./env.ts";
import { HealthCheckSpec } from "./health-check.ts";
import { keyed } from "./keyed.ts";
import { ServiceOpsSpec } from "./ops.ts";
import { HiddenValue } from "./reference.ts";
import { RENDER_REGIONS } from "./render.ts";
import { AbsolutePath, Duration, Hostname, HttpPath, Key, Plan, RelativePath } from "./scalar.ts";
import { AutoscaleSpec, InstancesSpec } from "./scaling.ts";
import { BuildFilterSpec, SourceSpec } from "./source.ts";
import { staticSite } from "./static-site.ts";
import { ServiceStoresSpec } from "./stores.ts";
import { SuperviseSpec } from "./supervise.ts";

/** Render's runtimes. `image` follows from the source and is not written. */
const SERVICE_RUNTIMES = ["docker", "elixir", "go", "node", "python", "ruby", "rust"] as const;

/** Kinds of services. */
const SERVICE_TYPES = ["web", "private", "worker", "static", "container"] as const;

const identity = {
  type: z.enum(SERVICE_TYPES).meta({
    description:
      "web: reached over https. private: only from Render's private network. worker: reached by nobody. static: files. container: runs on a VM.",
    examples: ["web", "worker"],
  }),
  name: z
    .string()
    .min(1)
    .optional()
    .meta({
      description:
        "Name on Render. Without it: the system's name when the stack has one service, else <system>-<key>.",
      examples: ["amazon-cockpit-2"],
    }),
  vm: Key.optional().meta({
    description: "With type: container: the VM on which it runs.",
    examples: ["main"],
  }),
};

const commands = {
  source: SourceSpec,
  runtime: z
    .enum(SERVICE_RUNTIMES)
    .optional()
    .meta({
      description: "Language or docker. Not for images and static sites.",
      examples: ["python", "docker"],
    }),
  docker: z
    .strictObject({
      file: RelativePath.optional().meta({
        description: "Dockerfile; ./Dockerfile when it is not given.",
        examples: ["infra/docker/api.Dockerfile"],
      }),
      context: RelativePath.optional().meta({
        description: "Build context; the source's directory when it is not given.",
        examples: ["."],
      }),
    })
    .optional()
    .meta({
      description: "With runtime: docker.",
      examples: [{ file: "infra/docker/api.Dockerfile" }],
    }),
  build: z
    .string()
    .min(1)
    .optional()
    .meta({
      description: "Build command of a native runtime or static site.",
      examples: ["pip install -r requirements.txt"],
    }),
  start: z
    .string()
    .min(1)
    .optional()
    .meta({
      description:
        "Start command. It runs in a shell. For docker and images: instead of the image's own.",
      examples: ["streamlit run app.py --server.port $PORT"],
    }),
  preDeploy: z
    .string()
    .min(1)
    .optional()
    .meta({
      description:
        "Command that runs after the build and before the start of each deploy, without the disk.",
      examples: ["pnpm migrate"],
    }),
  supervise: SuperviseSpec.optional(),
  autoDeploy: z
    .union([z.boolean(), z.literal("checks-pass")])
    .optional()
    .meta({
      description:
        "Deploy on each commit to the branch (true, the default), after its checks pass, or never.",
      examples: [true, "checks-pass"],
    }),
  buildFilter: BuildFilterSpec.optional(),
  previews: z
    .enum(["off", "manual", "automatic"])
    .optional()
    .meta({
      description: "Previews of pull requests; off when it is not given.",
      examples: ["off"],
    }),
};

const running = {
  plan: Plan.optional().meta({
    description:
      "Instance type. Always given (static sites have none), because Render's default costs money and changes.",
    examples: ["starter"],
  }),
  region: z
    .enum(RENDER_REGIONS)
    .optional()
    .meta({
      description: "Region; the stack's when it is not given. A change replaces.",
      examples: ["oregon"],
    }),
  instances: InstancesSpec.optional(),
  autoscale: AutoscaleSpec.optional(),
  port: z
    .int()
    .min(1)
    .max(65_535)
    .optional()
    .meta({
      description: "Port on which the app listens; it gets PORT. Render's default is 10000.",
      examples: [8080],
    }),
  health: HttpPath.optional().meta({
    description:
      "Path that is polled: 2xx or 3xx within 5 s; 60 s of failures restart the service, so it should not depend on anything outside. With the runtime in front: /healthz when it is not given.",
    examples: ["/healthz"],
  }),
  shutdown: Duration.optional().meta({
    description: "Time between SIGTERM and SIGKILL, 1s to 300s; 30s when it is not given.",
    examples: ["60s"],
  }),
  disk: DiskSpec.optional(),
  allowDataLoss: AllowDataLoss,
  volumes: z
    .array(
      z.strictObject({
        host: AbsolutePath.meta({
          description: "Directory of the VM.",
          examples: ["/opt/app/data"],
        }),
        container: AbsolutePath.meta({
          description: "Where the container sees it.",
          examples: ["/data"],
        }),
      }),
    )
    .optional()
    .meta({
      description: "With type: container: directories of the VM.",
      examples: [[{ host: "/opt/app/data", container: "/data" }]],
    }),
  env: EnvSpec.optional(),
  envGroups: z
    .array(Key)
    .optional()
    .meta({ description: "Env groups that it uses.", examples: [["shared"]] }),
  secretFiles: SecretFilesSpec.optional(),
  domains: z
    .array(Hostname)
    .optional()
    .meta({
      description: "Own domains; the first is the service's public URL.",
      examples: [["www.example.com"]],
    }),
  allowList: AllowListSpec.optional(),
};

const HealthPathsSpec = z
  .strictObject({
    healthz: HttpPath.optional().meta({ description: "Liveness.", examples: ["/livez"] }),
    readyz: HttpPath.optional().meta({ description: "Readiness.", examples: ["/internal/readyz"] }),
    ready: HttpPath.optional().meta({
      description: "Readiness with components.",
      examples: ["/internal/ready"],
    }),
    health: HttpPath.optional().meta({
      description: "Everything that is checked.",
      examples: ["/api/health"],
    }),
    keepalive: HttpPath.optional().meta({ description: "A short answer.", examples: ["/ping"] }),
    metrics: HttpPath.optional().meta({
      description: "Metrics as Prometheus text.",
      examples: ["/internal/metrics/prometheus"],
    }),
  })
  .meta({ id: "healthPaths" });

const telling = {
  healthPreset: z
    .enum(HEALTH_PRESETS)
    .optional()
    .meta({
      description: "Shape of the health answers; opspec when it is not given.",
      examples: ["opspec"],
    }),
  healthPaths: HealthPathsSpec.optional().meta({
    description: "Where an answer is found when not at its usual path.",
    examples: [{ metrics: "/internal/metrics/prometheus" }],
  }),
  metricsKey: z
    .strictObject({
      key: HiddenValue.meta({
        description: "The key that a caller of the metrics must send.",
        examples: [{ secret: "INTERNAL_API_KEY" }],
      }),
      header: z
        .string()
        .regex(/^[\w-]+$/, "should be the name of a header such as x-internal-key")
        .optional()
        .meta({ description: "Header with the key.", examples: ["x-internal-key"] }),
    })
    .optional()
    .meta({
      description: "Closes the metrics to all others.",
      examples: [{ key: { secret: "INTERNAL_API_KEY" }, header: "x-internal-key" }],
    }),
  ops: ServiceOpsSpec.optional(),
  checks: z
    .record(Key, HealthCheckSpec)
    .optional()
    .meta({
      description: "What the runtime looks at in the background, by name.",
      examples: [{ database: { postgres: { database: "main" }, critical: true } }],
    }),
  toggles: z
    .array(Key)
    .optional()
    .meta({
      description: "Toggles that the app asks the runtime for, besides those of its jobs.",
      examples: [["recruitment-reports"]],
    }),
  caches: z
    .array(Key)
    .optional()
    .meta({
      description: "Caches that the app asks the runtime for.",
      examples: [["clans"]],
    }),
  stores: ServiceStoresSpec.optional(),
};

/** A process that runs all the time, or the files of a static site. */
export const ServiceSpec = z
  .strictObject({ ...identity, ...commands, ...running, ...telling, ...staticSite, ...keyed })
  .meta({
    id: "service",
    description: "A process that runs all the time, or the files of a static site.",
    examples: [
      {
        type: "web",
        source: { repo: "https://github.com/example/app" },
        runtime: "node",
        start: "node server.js",
        plan: "starter",
      },
    ],
  });

export type ServiceSpec = z.infer<typeof ServiceSpec>;
