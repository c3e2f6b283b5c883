import type { StackSpec } from "../spec/stack.ts";
import { vmOf } from "./address.ts";
import { DEFAULT_VM_USER, SECRET_FILES_DIR, VM_FILES_DIR } from "./defaults.ts";
import { given, modelKeyed } from "./keyed.ts";
import { imageProbe, probedJobs } from "./runtime-source.ts";
import {
  modelCommands,
  modelFiles,
  modelServiceEnv,
  modelServiceManifest,
  type Subject,
} from "./service.ts";
import { modelSource } from "./source.ts";
import { healthPathOf, isSupervised } from "./supervision.ts";
import type { ContainerModel, EdgeModel, VmModel } from "./vm-model.ts";

/** A container on a VM with every default filled in. */
export function modelContainer(subject: Subject): ContainerModel {
  const { stack, spec, key, service } = subject;
  const manifest = modelServiceManifest(subject);
  const probed = isSupervised(service) ? probedJobs(subject) : [];
  return {
    ...modelKeyed(key, service),
    vm: vmOf(spec, key) ?? "",
    source: modelSource(service.source),
    ...given({
      startCommand: modelCommands(subject).startCommand,
      probeCommand: imageProbe(probed, undefined),
      port: service.port,
      healthCheckPath: healthPathOf(service),
    }),
    volumes: service.volumes ?? [],
    env: modelServiceEnv(subject, manifest).env,
    files: modelFiles(service, manifest).map((file) => ({
      ...file,
      host: `${VM_FILES_DIR}/${stack}/${key}/${file.name}`,
      container: `${SECRET_FILES_DIR}/${file.name}`,
    })),
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

/** The edge in front of the services. */
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
