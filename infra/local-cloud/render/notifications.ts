import { z } from "zod";

import type { Cloud, CloudRoutes } from "../cloud.ts";
import { answer, newestFirst, queryOf, readBody, serviceById } from "./requests.ts";
import { isWanted, listPage } from "./lists.ts";
import { ensureOwnerId } from "./owners.ts";
import type { NotificationOverride, NotificationSetting } from "./records.ts";

const OverridePatch = z.object({
  notificationsToSend: z.enum(["all", "failure", "none", "default"]).optional(),
  previewNotificationsEnabled: z.enum(["true", "false", "default"]).optional(),
});

const SettingPatch = z.object({
  emailEnabled: z.boolean().optional(),
  notificationsToSend: z.enum(["all", "failure", "none"]).optional(),
  previewNotificationsEnabled: z.boolean().optional(),
});

const OVERRIDE = "/notification-settings/overrides/services/:serviceId";
const SETTING = "/notification-settings/owners/:ownerId";

/**
 * `/notification-settings`: the setting and every override always exist; an empty change changes
 * nothing.
 */
export function addNotificationRoutes(api: CloudRoutes, cloud: Cloud): void {
  api.get("/notification-settings/overrides", (context) =>
    answer(200, overridePage(cloud, queryOf(context))),
  );

  api.get(OVERRIDE, (context) => answer(200, overrideView(cloud, context.req.param("serviceId"))));

  api.patch(OVERRIDE, async (context) => {
    const patch = await readBody(context, cloud, OverridePatch);
    const { id } = serviceById(cloud, context.req.param("serviceId"));

    cloud.state.notificationOverrides[id] = { ...notificationOverride(cloud, id), ...patch };
    return answer(200, overrideView(cloud, id));
  });

  api.get(SETTING, (context) => answer(200, settingView(cloud, context.req.param("ownerId"))));

  api.patch(SETTING, async (context) => {
    const patch = await readBody(context, cloud, SettingPatch);
    const ownerId = context.req.param("ownerId");
    ensureOwnerId(ownerId);

    cloud.state.notificationSettings[ownerId] = { ...setting(cloud, ownerId), ...patch };
    return answer(200, settingView(cloud, ownerId));
  });
}

/** A service's override of its workspace's setting. */
export function notificationOverride(cloud: Cloud, serviceId: string): NotificationOverride {
  return (
    cloud.state.notificationOverrides[serviceId] ?? {
      notificationsToSend: "default",
      previewNotificationsEnabled: "default",
    }
  );
}

function setting(cloud: Cloud, ownerId: string): NotificationSetting {
  return (
    cloud.state.notificationSettings[ownerId] ?? {
      emailEnabled: true,
      notificationsToSend: "failure",
      previewNotificationsEnabled: false,
    }
  );
}

function overrideView(cloud: Cloud, id: string) {
  const { id: serviceId } = serviceById(cloud, id);
  return { serviceId, ...notificationOverride(cloud, serviceId) };
}

function settingView(cloud: Cloud, ownerId: string) {
  ensureOwnerId(ownerId);
  return { ownerId, slackEnabled: false, ...setting(cloud, ownerId) };
}

function overridePage(cloud: Cloud, query: URLSearchParams) {
  const rows = newestFirst(cloud.state.services).filter(
    (it) =>
      cloud.state.notificationOverrides[it.id] !== undefined &&
      isWanted(query, "ownerId", it.ownerId) &&
      isWanted(query, "serviceId", it.id),
  );
  return listPage(rows, query, {
    noun: "override",
    key: ({ id }) => id,
    view: ({ id }) => overrideView(cloud, id),
  });
}
