import { badRequest, notFound } from "../api-error.ts";
import type { CloudRoutes } from "../cloud.ts";
import { answer, queryOf } from "./requests.ts";
import { isWanted, listPage } from "./lists.ts";

/** The one workspace that is listed. */
const SEEDED_OWNER = "tea-local000000000000000";

/** The caller, who is the only member. */
const MEMBER = "usr-local000000000000000";

/** Ids of teams and users. The cloud accepts all of them, so that a spec works here unchanged. */
const OWNER_ID = /^(tea|usr)-[a-z0-9]+$/;

/** `/owners` and `/users`: the caller and the workspaces. */
export function addOwnerRoutes(api: CloudRoutes): void {
  api.get("/owners", (context) => {
    const query = queryOf(context);
    const owners = [ownerView(SEEDED_OWNER)].filter(
      ({ name, email }) => isWanted(query, "name", name) && isWanted(query, "email", email),
    );
    return answer(
      200,
      listPage(owners, query, { noun: "owner", key: ({ id }) => id, view: (it) => it }),
    );
  });

  api.get("/owners/:ownerId", (context) => {
    const id = context.req.param("ownerId");
    if (!OWNER_ID.test(id)) throw notFound(id);

    return answer(200, ownerView(id));
  });

  // The caller is the only member of every workspace.
  api.get("/owners/:ownerId/members", (context) => {
    ensureOwnerId(context.req.param("ownerId"));
    return answer(200, [
      {
        userId: MEMBER,
        name: "You",
        email: "you@local.test",
        role: "ADMIN",
        status: "active",
        mfaEnabled: false,
      },
    ]);
  });
  api.on(["PATCH", "DELETE"], "/owners/:ownerId/members/:userId", ({ req }) => {
    const userId = req.param("userId") ?? "";
    if (userId !== MEMBER) throw notFound(userId);
    throw badRequest("the only member of a workspace cannot be changed or removed");
  });

  api.get("/users", () => answer(200, { email: "you@local.test", name: "You" }));
}

/** Refuses an id that is not an owner's. */
export function ensureOwnerId(id: string): void {
  if (!OWNER_ID.test(id)) throw badRequest(`invalid ownerId: ${id}`);
}

/** An owner as Render shows it, alone and inside resources. */
export function ownerView(id: string) {
  return {
    id,
    name: id === SEEDED_OWNER ? "Local workspace" : `Local workspace ${id}`,
    email: "you@local.test",
    type: id.startsWith("tea-") ? "team" : "user",
  };
}
