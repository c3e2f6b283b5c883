/** A call of Render's API, as the dashboard makes it. */
export type Api = (method: string, path: string, body?: unknown) => Promise<unknown>;

/** A resource of a stack's state, with its secrets in clear. */
export interface StateResource {
  readonly urn: string;
  readonly type: string;
  readonly id?: string;
  readonly custom: boolean;
  readonly inputs?: Readonly<Record<string, unknown>>;
}

/** Changes one declared field outside the program. */
type Change = (api: Api, path: string, declared: unknown) => Promise<unknown>;

type Changes = Readonly<Record<string, Change>>;

const own =
  (key: string, value: unknown): Change =>
  (api, path) =>
    api("PATCH", path, { [key]: value });

const details = (key: string, value: unknown): Change => own("serviceDetails", { [key]: value });

const command = (key: string): Change => details("envSpecificDetails", { [key]: "changed" });

/** The value of the two that is not declared. */
const other =
  (change: (value: unknown) => Change, [one, two]: readonly [unknown, unknown]): Change =>
  (api, path, declared) =>
    change(declared === one ? two : one)(api, path, declared);

const eachText =
  (segment: string, member: string): Change =>
  (api, path, declared) =>
    Promise.all(
      Object.keys(declared as object).map((key) =>
        api("PUT", `${path}/${segment}/${key}`, { [member]: "changed" }),
      ),
    );

const whole =
  (segment: string, list: readonly unknown[]): Change =>
  (api, path) =>
    api("PUT", `${path}/${segment}`, list);

/** Names are unique in a workspace. */
const renamed: Change = (api, path, declared) =>
  api("PATCH", path, { name: `${String(declared)}-changed` });

/** The path ends with the id of the member. */
const movedOut: Change = (api, path, declared) =>
  api(
    "DELETE",
    `/environments/${String(declared)}/resources?resourceIds=${path.split("/").at(-1)}`,
  );

/** Only the name, because a disk cannot shrink again. */
const diskRenamed: Change = async (api, path) => {
  const { serviceDetails } = (await api("GET", path)) as {
    serviceDetails: { disk: { id: string } };
  };
  return api("PATCH", `/disks/${serviceDetails.disk.id}`, { name: "changed" });
};

const target = { enabled: true, percentage: 99 };

const NETWORKS = [{ cidrBlock: "192.0.2.0/24", description: "changed" }];

const ENV = eachText("env-vars", "value");
const SECRET_FILES = eachText("secret-files", "content");

/** Fields of every service type that can be changed outside the program. */
const OF_SERVICES: Changes = {
  name: renamed,
  environmentId: movedOut,
  plan: details("plan", "pro_plus"),
  repo: own("repo", "https://github.com/example/changed"),
  branch: own("branch", "changed"),
  image: own("image", { imagePath: "docker.io/library/changed:1" }),
  rootDir: own("rootDir", "changed"),
  buildFilter: own("buildFilter", { paths: ["changed/**"], ignoredPaths: [] }),
  buildCommand: command("buildCommand"),
  startCommand: command("startCommand"),
  dockerCommand: command("dockerCommand"),
  dockerfilePath: command("dockerfilePath"),
  dockerContext: command("dockerContext"),
  preDeployCommand: details("preDeployCommand", "changed"),
  healthCheckPath: details("healthCheckPath", "/changed"),
  schedule: details("schedule", "1 1 1 1 1"),
  maxShutdownDelaySeconds: details("maxShutdownDelaySeconds", 299),
  numInstances: (api, path, declared) =>
    api("POST", `${path}/scale`, { numInstances: Number(declared) + 1 }),
  autoscaling: (api, path) =>
    api("PUT", `${path}/autoscaling`, {
      enabled: true,
      min: 1,
      max: 99,
      criteria: { cpu: target, memory: target },
    }),
  disk: diskRenamed,
  ipAllowList: details("ipAllowList", NETWORKS),
  previews: other((generation) => details("previews", { generation }), ["manual", "automatic"]),
  // Render treats these two as one field, so both change together.
  autoDeploy: other((value) => own("autoDeploy", value ? "yes" : "no"), [true, false]),
  autoDeployTrigger: other((value) => own("autoDeployTrigger", value), ["off", "commit"]),
  env: ENV,
  secretFiles: SECRET_FILES,
  domains: (api, path, declared) =>
    Promise.all((declared as string[]).map((it) => api("DELETE", `${path}/custom-domains/${it}`))),
  envGroups: (api, path, declared) =>
    Promise.all(
      (declared as string[]).map((group) => api("DELETE", `/env-groups/${group}${path}`)),
    ),
};

const OF_STATIC_SITES: Changes = {
  ...OF_SERVICES,
  buildCommand: details("buildCommand", "changed"),
  publishPath: details("publishPath", "changed"),
  headers: whole("headers", [{ path: "/changed", name: "X-Changed", value: "changed" }]),
  routes: whole("routes", [{ type: "redirect", source: "/changed", destination: "/" }]),
};

const OF_DATASTORES: Changes = {
  name: renamed,
  environmentId: movedOut,
  ipAllowList: own("ipAllowList", NETWORKS),
};

const OWNER = "Render cannot move it to another workspace";
const REGION = "Render cannot move it to another region";
const CONSENT = "it is this program's own consent and nothing at Render";

/** Declared fields that cannot be changed on Render or that Render does not return, with the reason. */
const NOT_OF_SERVICES: Readonly<Record<string, string>> = {
  ownerId: OWNER,
  region: REGION,
  adopt: CONSENT,
  allowDataLoss: CONSENT,
  protectedBySpec: CONSENT,
  runtime: "another runtime takes other build fields, so it would be more than one change",
  groupHashes: "Render does not hold it: a changed group is the drift of the group",
};

const NOT_OF_DATASTORES: Readonly<Record<string, string>> = {
  ownerId: OWNER,
  region: REGION,
  adopt: CONSENT,
  allowDataLoss: CONSENT,
  protectedBySpec: CONSENT,
};

/** A kind of resource: its path in the API, its changeable fields and its unchangeable fields. */
interface Kind {
  readonly path: string;
  readonly changes: Changes;
  readonly notChangeable: Readonly<Record<string, string>>;
}

const SERVICE: Kind = {
  path: "/services",
  changes: OF_SERVICES,
  notChangeable: NOT_OF_SERVICES,
};

const KINDS: Readonly<Record<string, Kind>> = {
  WebService: SERVICE,
  PrivateService: SERVICE,
  BackgroundWorker: SERVICE,
  CronJob: SERVICE,
  StaticSite: { ...SERVICE, changes: OF_STATIC_SITES },
  ServiceEnv: {
    path: "/services",
    changes: { env: ENV },
    notChangeable: { serviceId: "it says whose variables they are" },
  },
  EnvGroup: {
    path: "/env-groups",
    changes: { name: renamed, environmentId: movedOut, env: ENV, secretFiles: SECRET_FILES },
    notChangeable: { ownerId: OWNER, adopt: CONSENT },
  },
  Postgres: {
    path: "/postgres",
    changes: { ...OF_DATASTORES, plan: own("plan", "basic_4gb") },
    notChangeable: {
      ...NOT_OF_DATASTORES,
      version: "Render's API cannot upgrade it",
      databaseName: "Render names it once",
      databaseUser: "Render names it once",
      diskSizeGb: "it only grows, so nothing could mend the change",
    },
  },
  KeyValue: {
    path: "/key-value",
    changes: {
      ...OF_DATASTORES,
      plan: own("plan", "pro"),
      maxmemoryPolicy: other(
        (value) => own("maxmemoryPolicy", value),
        ["allkeys_lru", "noeviction"],
      ),
      persistenceMode: other((mode) => own("persistenceMode", mode), ["snapshot", "off"]),
    },
    notChangeable: NOT_OF_DATASTORES,
  },
  Project: {
    path: "/projects",
    changes: { name: renamed },
    notChangeable: {
      ownerId: OWNER,
      adopt: CONSENT,
      existing: "it says that another stack made the project",
      firstEnvironment: "it only counts when the project is made",
    },
  },
  Environment: {
    path: "/environments",
    changes: {
      name: renamed,
      ipAllowList: own("ipAllowList", NETWORKS),
      networkIsolation: other((on) => own("networkIsolationEnabled", on), [true, false]),
      protected: other(
        (on) => own("protectedStatus", on ? "protected" : "unprotected"),
        [true, false],
      ),
    },
    notChangeable: { adopt: CONSENT, projectId: "Render cannot move it to another project" },
  },
};

/** Lists that are declared as a whole, so an empty list is significant. */
const WHOLE_LISTS: ReadonlySet<string> = new Set(["ipAllowList", "headers", "routes"]);

/**
 * Changes every changeable declared field of every resource.
 *
 * @returns the exact drift that a refresh must show: `WebService web: env, plan`
 * @throws Error for a declared field with neither a change nor a reason
 */
export async function changeEverything(
  resources: readonly StateResource[],
  api: Api,
): Promise<string[]> {
  const lines: string[] = [];
  for (const { urn, type, id, inputs = {} } of resources) {
    if (!type.startsWith("render:")) continue;
    const [typeName = "", name] = [type.split(":").at(-1), urn.split("::").at(-1)];
    const changes = changesOf(typeName, inputs);
    if (changes.length === 0) continue;
    const { path } = kindOf(typeName);
    for (const [field, change] of changes) await change(api, `${path}/${id}`, inputs[field]);
    const fields = changes.map(([field]) => field).toSorted();
    lines.push(`${typeName} ${name}: ${fields.join(", ")}`);
  }
  return lines.toSorted();
}

function kindOf(typeName: string): Kind {
  const kind = KINDS[typeName];
  if (kind) return kind;
  throw new Error(`out-of-band: ${typeName} has no changes. Say what of it can be changed.`);
}

/** The changes of the declared fields. The plan is first, because other fields need a paid plan. */
function changesOf(
  typeName: string,
  inputs: Readonly<Record<string, unknown>>,
): [field: string, change: Change][] {
  const { changes, notChangeable } = kindOf(typeName);
  return Object.entries(inputs)
    .toSorted(([a], [b]) => Number(b === "plan") - Number(a === "plan"))
    .flatMap(([field, declared]): [string, Change][] => {
      const change = changes[field];
      if (!change && notChangeable[field] === undefined) {
        throw new Error(
          `out-of-band: ${typeName} ${field} is declared and has neither a change nor a reason why there is none. Add one of them.`,
        );
      }
      const isForeign = typeName === "Project" && inputs["existing"] === true;
      const isHeld = field === "numInstances" && inputs["disk"] !== undefined;
      if (!change || isForeign || isHeld || saysNothing(field, declared)) return [];
      return [[field, change]];
    });
}

/** An empty collection of single items declares nothing that could be changed. */
function saysNothing(field: string, value: unknown): boolean {
  const isEmpty = typeof value === "object" && value !== null && Object.keys(value).length === 0;
  return isEmpty && !WHOLE_LISTS.has(field);
}
