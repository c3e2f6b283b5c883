/** What Render does differently from one service type to the other. */
interface ServiceTypeRow {
  readonly idPrefix: "srv" | "crn";
  /** The word in dashboard addresses and in links of environment groups. */
  readonly short: string;
  /** Static sites are built and copied: they have no runtime, region or plan. */
  readonly isCompute: boolean;
  readonly hasFreePlan: boolean;
  /** May have instances, autoscaling, a disk and a pre-deploy command. */
  readonly isScalable: boolean;
  /** Its address, made from the slug; a worker and a cron job have none. */
  readonly url?: (slug: string) => string;
  /** Inside Render's network it can be reached on a port. */
  readonly hasPort: boolean;
  /** Custom domains are for what the internet can reach. */
  readonly hasDomains: boolean;
}

/** The port that Render tells a service to listen on unless it chooses another. */
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

/** The row of a type. */
export function serviceType(type: ServiceType): ServiceTypeRow {
  return SERVICE_TYPES[type];
}
