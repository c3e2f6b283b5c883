/** The words of verify's finding about a declared field, by field. */
const FINDINGS: Readonly<Record<string, RegExp>> = {
  env: /has its (environment|variables)/,
  secretFiles: /has the file/,
  envGroups: /is linked to/,
  domains: /has the domain/,
  plan: /has plan/,
  repo: /comes from/,
  branch: /comes from/,
  image: /comes from/,
  buildCommand: /has its commands|is built by/,
  startCommand: /has its commands/,
  dockerCommand: /has its commands/,
  publishPath: /publishes/,
  numInstances: /instance\(s\)/,
  autoscaling: /instances/,
  disk: /has its disk/,
  schedule: /runs at/,
  highAvailability: /standby/,
  readReplicas: /has its replicas/,
  maxmemoryPolicy: /evicts by/,
  persistenceMode: /persists by/,
  environmentId: /every resource is in/,
  networkIsolation: /network/,
  protected: /protected/,
  registry: /is of/,
  username: /has the account/,
};

/** Verify's name of each resource type. */
const NOUNS: Readonly<Record<string, string>> = {
  WebService: "service",
  PrivateService: "service",
  BackgroundWorker: "service",
  ServiceEnv: "service",
  CronJob: "job",
  StaticSite: "static site",
  EnvGroup: "env group",
  Postgres: "database",
  KeyValue: "key-value store",
  RegistryCredential: "registry",
};

/**
 * The drifted fields without a failed finding of verify.
 *
 * @param drift lines such as `WebService web: env, plan`
 * @param failed the failed findings, each as one line
 */
export function unseenByVerify(drift: readonly string[], failed: readonly string[]): string[] {
  return drift.flatMap((line) => {
    const [, type = "", name = "", fields = ""] = /^(\S+) (\S+): (.*)$/.exec(line) ?? [];
    return fields
      .split(", ")
      .filter((field) => !failed.some((it) => isAbout(it, { type, name, field })))
      .map((field) => `${type} ${name}: ${field}`);
  });
}

function isAbout(
  finding: string,
  { type, name, field }: { type: string; name: string; field: string },
): boolean {
  const noun = NOUNS[type];
  // The project and its environment have separate findings.
  if (noun === undefined) return finding.startsWith("environment ");
  const words = FINDINGS[field] ?? new RegExp(`has its other settings: .*\\b${field}\\b`);
  if (field === "environmentId") return words.test(finding);
  return finding.startsWith(`${noun} ${name} `) && words.test(finding);
}
