import type { StackModel } from "../model/stack-model.ts";
import type { StackOutputs } from "../outputs.ts";
import { OpspecProvider } from "../resources/opspec/generated-secret.ts";
import { RenderProvider } from "../resources/render/provider.ts";
import { resolveSecrets, type SecretsOptions } from "../secrets.ts";
import type { Addresses } from "./env.ts";
import { generateSecret } from "./generated-secret.ts";
import { Job } from "./job.ts";
import { registerProvider } from "./register.ts";
import { Service } from "./service.ts";

/** Registers everything that a stack's model says, and nothing else. */
export function deployStack(model: StackModel, options: SecretsOptions): StackOutputs {
  const render = registerProvider(RenderProvider);
  const opspec = registerProvider(OpspecProvider);
  const secrets = resolveSecrets(model.secrets, {
    ...options,
    generate: ({ name, bytes }) => generateSecret(name, bytes, opspec),
  });

  const addresses = new Map<string, Addresses>();
  const sources = { secrets, services: addresses };
  const services: Record<string, Service> = {};
  for (const service of model.services) {
    const component = new Service(service, sources, { providers: [render] });
    addresses.set(service.key, component.resource);
    services[service.key] = component;
  }
  const jobs = model.jobs.map(
    (job) => [job.key, new Job(job, sources, { providers: [render] })] as const,
  );

  return {
    services: Object.fromEntries(Object.entries(services).map(([key, it]) => [key, it.outputs])),
    jobs: Object.fromEntries(jobs.map(([key, it]) => [key, it.outputs])),
  };
}
