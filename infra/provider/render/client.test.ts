import { expect, test } from "vitest";
import { type ClientOptions, RenderClient } from "./client.ts";
import { deploy } from "./deploy.ts";
import { untilAvailable } from "./datastore.ts";
import type { Pace } from "./waiting.ts";

const PACE: Pace = { requestTimeoutMs: 1000, backoffMs: 0, pollMs: 1, deployMs: 40, settleMs: 40 };

const signal = new AbortController().signal;

function clientOf(fetch: (path: string, init: RequestInit) => Promise<Response>, more = {}) {
  const options: ClientOptions = {
    host: "http://render.test",
    apiKey: () => "key",
    pace: PACE,
    fetch: (url, init) => fetch(new URL(url).pathname, init),
    ...more,
  };
  return new RenderClient(options);
}

test.each([null, "text", { message: "no" }])(
  "a list that is answered with %j fails",
  async (body) => {
    const client = clientOf(async () => Response.json(body));

    await expect(client.list("/services?name=a", "service", signal)).rejects.toThrow(
      "Render: could not list /services: its answer should be a list.",
    );
  },
);

test("a list that does not end fails, and is never cut off", async () => {
  const page = Array.from({ length: 100 }, () => ({ cursor: "next", service: {} }));
  const client = clientOf(async () => Response.json(page));

  await expect(client.list("/services", "service", signal)).rejects.toThrow(
    "Render: could not list /services: it has more than 200 pages of 100.",
  );
});

test("a reader of a shared list whose time is up takes nothing from the others", async () => {
  const first = new AbortController();
  const client = clientOf(
    (_path, init) =>
      new Promise((resolve, reject) => {
        const end = () => reject(new DOMException("", "AbortError"));
        if (init.signal?.aborted) end();
        init.signal?.addEventListener("abort", end);
        setTimeout(() => resolve(Response.json([{ service: { id: "srv-1" } }])), 20);
      }),
  );

  const ended = client.sharedList("/services", "service", first.signal);
  const other = client.sharedList("/services", "service", signal);
  first.abort(new Error("its time is up"));

  await expect(ended).rejects.toThrow("its time is up");
  expect(await other).toEqual([{ id: "srv-1" }]);
});

test("a deploy that takes too long names itself, its last status and the limit", async () => {
  const client = clientOf(async (path, { method }) => {
    if (method === "POST") return Response.json({ id: "dep-1" });
    return Response.json(path.endsWith("/deploys") ? [] : { status: "build_in_progress" });
  });
  const subject = { client, serviceId: "srv-1", path: "/services/srv-1", signal };
  const said = { name: "shop", ownerId: "tea-1", progress: () => undefined };

  await expect(deploy({ ...subject, ...said })).rejects.toThrow(
    `Render: deploy dep-1 of "shop" is build_in_progress after 0.04 s, the limit. Check it in Render's dashboard, then run opspec up again.`,
  );
});

test("a database that takes too long names itself, its last status and the limit", async () => {
  const client = clientOf(async () => Response.json({ status: "creating" }));
  const call = { client, urn: "urn:it", signal, secrets: () => [], progress: () => undefined };

  await expect(untilAvailable("/postgres/dpg-1", call)).rejects.toThrow(
    "Render: /postgres/dpg-1 is creating after 0.04 s, the limit. Check it in Render's dashboard, then run opspec up again.",
  );
});
