/** The differences between Render's service types. */
interface ServiceTypeRow {
  readonly idPrefix: "srv" | "crn";
  /** The word in dashboard addresses and in links of environment groups. */
  readonly short: string;
  /** Static sites are built and copied: they have no runtime, region or plan. */
  readonly isCompute: boolean;
  readonly hasFreePlan: boolean;
  /** May have instances, autoscaling, a disk and a pre-deploy command. */
  readonly isScalable: boolean;
  /** The address, made from the slug; workers and cron jobs have none. */
  readonly url?: (slug: string) => string;
  /** Reachable on a port in Render's private network. */
  readonly hasPort: boolean;
  /** Only public services have custom domains. */
  readonly hasDomains: boolean;
}

/** Render's default port. */
export const SERVICE_PORT = 10_000;

/** Every service type. A new one is a row here and a pair of schemas in `service-bodies.ts`. */
export const SERVICE_TYPES = {
  web_service: {
    idPrefix: "srv",
    short: "web",
    isCompute: true,
    hasFreePlan: true,
    isScalable: true,
    url: (slug) => `https://${slug}.onrender.com`,
    hasPort: true,
    hasDomains: true,
  },
  private_service: {
    idPrefix: "srv",
    short: "pserv",
    isCompute: true,
    hasFreePlan: false,
    isScalable: true,
    url: (slug) => `${slug}:${SERVICE_PORT}`,
    hasPort: true,
    hasDomains: false,
  },
  background_worker: {
    idPrefix: "srv",
    short: "worker",
    isCompute: true,
    hasFreePlan: false,
    isScalable: true,
    hasPort: false,
    hasDomains: false,
  },
  cron_job: {
    idPrefix: "crn",
    short: "cron",
    isCompute: true,
    hasFreePlan: false,
    isScalable: false,
    hasPort: false,
    hasDomains: false,
  },
  static_site: {
    idPrefix: "srv",
    short: "static",
    isCompute: false,
    hasFreePlan: true,
    isScalable: false,
    url: (slug) => `https://${slug}.onrender.com`,
    hasPort: false,
    hasDomains: true,
  },
} as const satisfies Record<string, ServiceTypeRow>;

export type ServiceType = keyof typeof SERVICE_TYPES;

/** The row of a service type. */
export function serviceType(type: ServiceType): ServiceTypeRow {
  return SERVICE_TYPES[type];
}
