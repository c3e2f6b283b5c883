import type { Problem } from "../../errors.ts";
import type { PartialStackSpec } from "../../spec/stack.ts";
import { vmOf } from "../address.ts";
import { entriesOf } from "../entries.ts";
import { addedVariables } from "../runtime-reference.ts";
import { type Variable, variablesOf } from "../variables.ts";

/** Plans with a standby. @see https://render.com/docs/postgresql-high-availability */
const STANDBY_PLANS = /^(pro|accelerated)_/;

/** Postgres disks on Render have 1 GB or a multiple of this size. */
const DISK_STEP_GB = 5;

/** Checks databases and Key Value instances, and that their users can reach them. */
export function validateStores(spec: PartialStackSpec): Problem[] {
  return [
    ...databaseProblems(spec),
    ...queueProblems(spec),
    ...[...variablesOf(spec), ...addedVariables(spec)].flatMap((variable) =>
      outsideProblems(spec, variable),
    ),
  ];
}

function databaseProblems(spec: PartialStackSpec): Problem[] {
  return entriesOf(spec.databases).flatMap(([key, { plan, highAvailability, diskGb }]) => {
    const path = `databases/${key}`;
    const problems: Problem[] = [];
    if (highAvailability && plan !== undefined && !STANDBY_PLANS.test(plan)) {
      problems.push({
        path: `${path}/highAvailability`,
        message: `the plan "${plan}" does not support a standby.`,
        remedy: "Use a pro or accelerated plan.",
      });
    }
    if (diskGb !== undefined && diskGb !== 1 && diskGb % DISK_STEP_GB !== 0) {
      problems.push({
        path: `${path}/diskGb`,
        message: `should be 1 or a multiple of ${DISK_STEP_GB}, got ${diskGb}.`,
        remedy: `Use ${Math.ceil(diskGb / DISK_STEP_GB) * DISK_STEP_GB}.`,
      });
    }
    return problems;
  });
}

/** A free store loses all data when it restarts. */
function queueProblems(spec: PartialStackSpec): Problem[] {
  return entriesOf(spec.keyValues).flatMap(([key, { plan, persistence }]) => {
    if (plan !== "free" || persistence === undefined || persistence === "off") return [];
    return [
      {
        path: `keyValues/${key}/persistence`,
        message: "a free Key Value store keeps nothing on disk.",
        remedy: "Use plan: starter, or persistence: off.",
      },
    ];
  });
}

/** A database or Key Value instance and its path in the spec. */
export interface Store {
  readonly path: string;
  readonly key: string;
  readonly region?: string | undefined;
  readonly allowList?: readonly ({ cidr?: string | undefined } | undefined)[] | undefined;
}

/** The store that a variable refers to. */
export function storeOf(spec: PartialStackSpec, { parts }: Variable): Store | undefined {
  const { database, keyValue } = parts;
  if (database !== undefined) {
    const found = spec.databases?.[database];
    return found && { path: `databases/${database}`, key: database, ...found };
  }
  const found = keyValue === undefined ? undefined : spec.keyValues?.[keyValue];
  return found && { path: `keyValues/${keyValue}`, key: keyValue ?? "", ...found };
}

/** A consumer on a VM needs the external address and an entry in the allow-list. */
function outsideProblems(spec: PartialStackSpec, variable: Variable): Problem[] {
  const { owner, parts, path } = variable;
  const store = storeOf(spec, variable);
  const vm = owner.kind === "services" ? vmOf(spec, owner.key) : undefined;
  const address = vm === undefined ? undefined : spec.vms?.[vm]?.address;
  if (!store || address === undefined) return [];
  if (parts.property === "internalUrl" || parts.property === "host") {
    return [
      {
        path: `${path}/property`,
        message: `"${owner.key}" runs on a VM and cannot reach an internal address.`,
        remedy: "Use property: externalUrl.",
      },
    ];
  }
  if ((store.allowList ?? []).some((entry) => contains(entry?.cidr, address))) return [];
  return [
    {
      path: `${store.path}/allowList`,
      message: `"${owner.key}" on the VM "${vm}" (${address}) is not allowed to connect.`,
      remedy: `Add { cidr: ${address}/32, why: the VM ${vm} }.`,
    },
  ];
}

/** Whether an IPv4 range contains an address. */
function contains(cidr: string | undefined, address: string): boolean {
  const [base, bits] = cidr?.split("/") ?? [];
  if (base === undefined || bits === undefined || base.includes(":")) return false;
  const size = 2 ** (32 - Number(bits));
  return Math.floor(toNumber(base) / size) === Math.floor(toNumber(address) / size);
}

function toNumber(address: string): number {
  return address.split(".").reduce((total, part) => total * 256 + Number(part), 0);
}
