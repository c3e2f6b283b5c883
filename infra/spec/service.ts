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
      "web: receives public HTTPS traffic. private: receives traffic from Render's private network only. worker: receives no traffic. static: serves files. container: runs on a VM.",
    examples: ["web", "worker"],
  }),
  name: z
    .string()
    .min(1)
    .optional()
    .meta({
      description:
        "Name on Render. Default: the system's name when the stack has one service, otherwise <system>-<key>.",
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
        description: "Dockerfile. Default: ./Dockerfile.",
        examples: ["infra/docker/api.Dockerfile"],
      }),
      context: RelativePath.optional().meta({
        description: "Build context. Default: the source's directory.",
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
        "Start command. It runs in a shell. For docker and images it replaces the image's command.",
      examples: ["streamlit run app.py --server.port $PORT"],
    }),
  preDeploy: z
    .string()
    .min(1)
    .optional()
    .meta({
      description:
        "Command that runs after the build and before each deploy starts. It has no access to the disk.",
      examples: ["pnpm migrate"],
    }),
  supervise: SuperviseSpec.optional(),
  autoDeploy: z
    .union([z.boolean(), z.literal("checks-pass")])
    .optional()
    .meta({
      description:
        "When commits to the branch are deployed. true: on each commit. checks-pass: after its checks pass. false: never. Default: true.",
      examples: [true, "checks-pass"],
    }),
  buildFilter: BuildFilterSpec.optional(),
  previews: z
    .enum(["off", "manual", "automatic"])
    .optional()
    .meta({
      description: "Previews of pull requests. Default: off.",
      examples: ["off"],
    }),
};

const running = {
  plan: Plan.optional().meta({
    description:
      "Instance type. Required except for static sites, because Render's default costs money and changes.",
    examples: ["starter"],
  }),
  region: z
    .enum(RENDER_REGIONS)
    .optional()
    .meta({
      description: "Region. Default: the stack's region. A change replaces the resource.",
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
      description:
        "Port on which the app listens; the app receives it as PORT. Default on Render: 10000.",
      examples: [8080],
    }),
  health: HttpPath.optional().meta({
    description:
      "Health check path. Render expects 2xx or 3xx within 5 s and restarts the service after 60 s of failures, so the path should not depend on other systems. Default behind the runtime's reverse proxy: /healthz.",
    examples: ["/healthz"],
  }),
  shutdown: Duration.optional().meta({
    description: "Time between SIGTERM and SIGKILL, 1s to 300s. Default: 30s.",
    examples: ["60s"],
  }),
  disk: DiskSpec.optional(),
  allowDataLoss: AllowDataLoss,
  volumes: z
    .array(
      z.strictObject({
        host: AbsolutePath.meta({
          description: "Directory on the VM.",
          examples: ["/opt/app/data"],
        }),
        container: AbsolutePath.meta({
          description: "Mount path in the container.",
          examples: ["/data"],
        }),
      }),
    )
    .optional()
    .meta({
      description: "With type: container: directories of the VM that are mounted.",
      examples: [[{ host: "/opt/app/data", container: "/data" }]],
    }),
  env: EnvSpec.optional(),
  envGroups: z
    .array(Key)
    .optional()
    .meta({ description: "Env groups that the service uses.", examples: [["shared"]] }),
  secretFiles: SecretFilesSpec.optional(),
  domains: z
    .array(Hostname)
    .optional()
    .meta({
      description: "Custom domains. The first one is the service's public URL.",
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
      description: "All health checks.",
      examples: ["/api/health"],
    }),
    keepalive: HttpPath.optional().meta({ description: "Keep-alive ping.", examples: ["/ping"] }),
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
      description: "Shape of the health answers. Default: opspec.",
      examples: ["opspec"],
    }),
  healthPaths: HealthPathsSpec.optional().meta({
    description: "Paths of the health endpoints, where they differ from the preset.",
    examples: [{ metrics: "/internal/metrics/prometheus" }],
  }),
  metricsKey: z
    .strictObject({
      key: HiddenValue.meta({
        description: "Key that callers of the metrics must send.",
        examples: [{ secret: "INTERNAL_API_KEY" }],
      }),
      header: z
        .string()
        .regex(/^[\w-]+$/, "should be the name of a header such as x-internal-key")
        .optional()
        .meta({ description: "Header that carries the key.", examples: ["x-internal-key"] }),
    })
    .optional()
    .meta({
      description: "Require a key for the metrics.",
      examples: [{ key: { secret: "INTERNAL_API_KEY" }, header: "x-internal-key" }],
    }),
  ops: ServiceOpsSpec.optional(),
  checks: z
    .record(Key, HealthCheckSpec)
    .optional()
    .meta({
      description: "Health checks that the runtime runs in the background, by name.",
      examples: [{ database: { postgres: { database: "main" }, critical: true } }],
    }),
  toggles: z
    .array(Key)
    .optional()
    .meta({
      description: "Toggles that the app reads from the runtime, in addition to those of its jobs.",
      examples: [["recruitment-reports"]],
    }),
  caches: z
    .array(Key)
    .optional()
    .meta({
      description: "Caches that the app reads from the runtime.",
      examples: [["clans"]],
    }),
  stores: ServiceStoresSpec.optional(),
};

/** A long-running process, or a static site. */
export const ServiceSpec = z
  .strictObject({ ...identity, ...commands, ...running, ...telling, ...staticSite, ...keyed })
  .meta({
    id: "service",
    description: "A long-running process, or a static site.",
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
