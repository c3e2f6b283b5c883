import { parse } from "yaml";
import { SpecError } from "../../infra/errors.ts";
import { parseStackSpec } from "../../infra/spec/parse.ts";
import { resolveStack } from "../../infra/stack.ts";

/**
 * The names that examples may use: a service `web` with a disk and a cache `clans`, a private one
 * `worker`, a database `main`, a Key Value store `queue`, and the variables that they bind options
 * to.
 */
const SURROUNDINGS = `
system: example
environment: production
render: { owner: tea-00000000000000000000 }
runtimeSource:
  image: example.com/opspec/runtime@sha256:0000000000000000000000000000000000000000000000000000000000000000
databases: { main: { version: 17, plan: basic_1gb, diskGb: 15 } }
keyValues: { queue: { plan: starter, evict: noeviction, persistence: snapshot } }
caches: { clans: { source: { file: data/clans.json }, ttl: 3h } }
`;

const SOURCE = "{ repo: https://github.com/example/example, branch: main }";

/** The problems of the example on a job's page, a block `jobs:`, found by the spec's own checks. */
export function exampleProblems(name: string, example: string): string[] {
  const uses = usesOf(parse(example));
  if (!uses.includes(name)) return [`uses ${uses.join(", ") || "nothing"} instead of ${name}.`];
  try {
    resolveStack("example", parseStackSpec(specText(example), "example"));
    return [];
  } catch (error) {
    if (error instanceof SpecError) {
      return error.problems.map(({ path, message }) => `${path}: ${message}`);
    }
    throw error;
  }
}

function specText(example: string): string {
  const secrets = [...example.matchAll(/\bsecret: (\w+)/g)].map(([, secret]) => secret);
  const toggles = [...example.matchAll(/\btoggles: \[([\w-]+)\]/g)].map(([, toggle]) => toggle);
  const services = ["web", "worker"].map((key) => serviceText(key, example));
  return [
    SURROUNDINGS,
    `secrets: { ${[...new Set(secrets)].map((it) => `${it}: {}`).join(", ")} }`,
    `toggles: { ${[...new Set(toggles)].map((it) => `${it}: { env: FEATURE }`).join(", ")} }`,
    `services: { ${services.join(", ")} }`,
    example,
  ].join("\n");
}

/** Options are bound to variables of the service. */
function serviceText(key: string, example: string): string {
  const bound = [...example.matchAll(/\benv: ([A-Z]\w*)/g)].map(([, name]) => `${name}: "1"`);
  const env = ["DATABASE_URL: { database: main }", "REDIS_URL: { keyValue: queue }"];
  const own = bound.filter((it) => !/^(DATABASE|REDIS)_URL:/.test(it));
  const kept = "disk: { mount: /var/data, sizeGb: 1, persist: [data] }, caches: [clans], ";
  const type = key === "web" ? "web" : "private";
  return `${key}: { type: ${type}, source: ${SOURCE}, runtime: docker, supervise: true, start: node main.js, port: 8000, plan: starter, ${key === "web" ? kept : ""}env: { ${[...new Set([...env, ...own])].join(", ")} } }`;
}

/** The catalog jobs that an example uses; a job without `uses` is a command. */
function usesOf(spec: unknown): string[] {
  if (typeof spec !== "object" || spec === null) return [];
  const jobs: unknown = Object.values(spec)[0];
  if (typeof jobs !== "object" || jobs === null) return [];
  return Object.values(jobs).map((job: unknown) => {
    if (typeof job !== "object" || job === null) return "nothing";
    return "uses" in job ? String(job.uses) : "command";
  });
}
