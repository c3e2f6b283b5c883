import type { StackSpec } from "../spec/stack.ts";
import { vmOf } from "./address.ts";
import { DEFAULT_VM_USER } from "./defaults.ts";
import { given, modelKeyed } from "./keyed.ts";
import { modelCommands, modelFiles, modelServiceEnv, type Subject } from "./service.ts";
import { modelSource } from "./source.ts";
import type { ContainerModel, EdgeModel, VmModel } from "./vm-model.ts";

/** A container on a VM with every default filled in. */
export function modelContainer(subject: Subject): ContainerModel {
  const { spec, key, service } = subject;
  return {
    ...modelKeyed(key, service),
    vm: vmOf(spec, key) ?? "",
    source: modelSource(service.source),
    ...given({
      startCommand: modelCommands(service, spec).startCommand,
      port: service.port,
      healthCheckPath: service.health,
    }),
    volumes: service.volumes ?? [],
    env: modelServiceEnv(subject).env,
    secretFiles: modelFiles(subject),
  };
}

/** The machines of a stack. */
export function modelVms(spec: StackSpec): VmModel[] {
  return Object.entries(spec.vms ?? {}).map(([key, vm]) => ({
    key,
    address: vm.address,
    user: vm.user ?? DEFAULT_VM_USER,
    ...given({ hostKey: vm.hostKey }),
    keySecret: vm.key.secret,
  }));
}

/** What stands between the internet and the services. */
export function modelEdge(spec: StackSpec): EdgeModel | undefined {
  const { edge } = spec;
  if (!edge) return undefined;
  return {
    zone: edge.zone,
    domains: Object.entries(edge.domains).map(([key, { host, to, proxied = true }]) => ({
      key,
      host,
      to,
      proxied,
    })),
    neverCache: edge.neverCache ?? [],
  };
}
