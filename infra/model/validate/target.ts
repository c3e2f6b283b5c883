import type { Problem } from "../../errors.ts";
import type { PartialStackSpec } from "../../spec/stack.ts";
import { declaredUrl, vmOf } from "../address.ts";
import { entriesOf } from "../entries.ts";
import { type Variable, variablesOf } from "../variables.ts";

/** Requires that the target of a reference has the requested address. */
export function validateTargets(spec: PartialStackSpec): Problem[] {
  return [
    ...variablesOf(spec).flatMap((variable) => [
      ...urlProblems(spec, variable),
      ...privateUrlProblems(spec, variable),
      ...groupProblems(spec, variable),
    ]),
    ...checkProblems(spec),
  ];
}

/** Kinds of services without a public address. */
const CLOSED = ["private", "worker"];

function urlProblems(spec: PartialStackSpec, { path, parts }: Variable): Problem[] {
  const service = parts.url === undefined ? undefined : spec.services?.[parts.url];
  if (parts.url === undefined || !service || declaredUrl(spec, parts.url) !== undefined) return [];
  if (service.type === "container") {
    return [
      {
        path: `${path}/url`,
        message: `"${parts.url}" runs on a VM and has no public URL yet.`,
        remedy: "Add a record for it under edge/domains.",
      },
    ];
  }
  if (service.type === undefined || !CLOSED.includes(service.type)) return [];
  const remedy =
    service.type === "private" ? `Use { privateUrl: ${parts.url} }.` : "Make it a web service.";
  return [
    {
      path: `${path}/url`,
      message: `"${parts.url}" is ${aKind(service.type)} and has no public URL.`,
      remedy,
    },
  ];
}

function privateUrlProblems(spec: PartialStackSpec, { path, parts, owner }: Variable): Problem[] {
  const key = parts.privateUrl;
  const service = key === undefined ? undefined : spec.services?.[key];
  if (key === undefined || service?.type === undefined) return [];
  if (!["web", "private"].includes(service.type)) {
    return [
      {
        path: `${path}/privateUrl`,
        message: `"${key}" is ${aKind(service.type)} and cannot be reached over the private network.`,
        remedy: service.type === "static" ? `Use { url: ${key} }.` : "Make it a private service.",
      },
    ];
  }
  if (owner.kind !== "services" || vmOf(spec, owner.key) === undefined) return [];
  return [
    {
      path: `${path}/privateUrl`,
      message: `"${owner.key}" runs on a VM, outside of Render's private network.`,
      remedy: `Use { url: ${key} }.`,
    },
  ];
}

/** A group is created before its services, so it cannot depend on one of them. */
function groupProblems(spec: PartialStackSpec, { path, parts, owner }: Variable): Problem[] {
  const key = parts.url ?? parts.privateUrl;
  if (owner.kind !== "envGroups" || key === undefined || !spec.services?.[key]) return [];
  if (parts.url !== undefined && declaredUrl(spec, key) !== undefined) return [];
  return [
    {
      path,
      message: `an env group is created before "${key}" and cannot have its URL.`,
      remedy: "Set the variable in the services, or give the service a domain.",
    },
  ];
}

function checkProblems(spec: PartialStackSpec): Problem[] {
  return (spec.verify ?? []).flatMap((check, index) => {
    const key = check && "http" in check ? check.http : undefined;
    const type = key === undefined ? undefined : spec.services?.[key]?.type;
    if (type === undefined || !CLOSED.includes(type)) return [];
    return [
      {
        path: `verify/${index}/http`,
        message: `"${key}" is ${aKind(type)} and cannot be reached from outside.`,
        remedy: "Check a web service, or a job.",
      },
    ];
  });
}

/** A kind of service in words. */
function aKind(type: string): string {
  const words: Readonly<Record<string, string>> = {
    private: "a private service",
    worker: "a worker",
    static: "a static site",
    container: "a container on a VM",
  };
  return words[type] ?? `a ${type}`;
}

/** Two services cannot answer on one domain. */
export function validateDomains(spec: PartialStackSpec): Problem[] {
  const uses = entriesOf(spec.services).flatMap(([key, { domains }]) =>
    (domains ?? []).map((domain, index) => ({
      domain,
      owner: key,
      path: `services/${key}/domains/${index}`,
    })),
  );
  const edge = entriesOf(spec.edge?.domains).map(([key, { host }]) => ({
    domain: host,
    owner: key,
    path: `edge/domains/${key}/host`,
  }));
  return [uses, edge].flatMap((list) =>
    list.flatMap(({ domain, path }, index) => {
      const first = list.slice(0, index).find((other) => other.domain === domain);
      if (domain === undefined || !first) return [];
      return [
        {
          path,
          message: `"${domain}" belongs to "${first.owner}" already.`,
          remedy: "Give each its own domain.",
        },
      ];
    }),
  );
}
