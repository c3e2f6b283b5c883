import { DEFAULT_PUBLISH_PATH } from "./defaults.ts";
import { given, modelKeyed } from "./keyed.ts";
import type { StaticSiteModel } from "./platform-model.ts";
import { modelServiceEnv, type Subject } from "./service.ts";
import { modelDeploying, modelSource } from "./source.ts";

/** The files of a static site with every default filled in. */
export function modelStaticSite(subject: Subject): StaticSiteModel {
  const { spec, key, service } = subject;
  return {
    ...modelKeyed(key, service),
    name: subject.name,
    ownerId: spec.render.owner,
    source: modelSource(service.source),
    publishPath: service.publish ?? DEFAULT_PUBLISH_PATH,
    ...modelDeploying(service),
    ...modelServiceEnv(subject, undefined),
    ...given({
      buildCommand: service.build,
      envGroups: service.envGroups,
      domains: service.domains,
      headers: service.headers,
      routes: service.routes,
    }),
  };
}
