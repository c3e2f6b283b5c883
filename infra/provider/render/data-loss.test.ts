import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type RenderUnderTest, startRender } from "../../testing/render-plugin.ts";
import type { TreeObject } from "../kit/property-tree.ts";

const WEB = "urn:pulumi:test::opspec::opspec:index:Service$render:index:WebService::web";

const web: TreeObject = {
  name: "shop",
  ownerId: "tea-00000000000000000000",
  region: "oregon",
  plan: "starter",
  runtime: "image",
  image: "docker.io/library/nginx:1",
  disk: { name: "data", mountPath: "/var/data", sizeGb: 5 },
};

let render: RenderUnderTest;

beforeAll(async () => {
  render = await startRender();
});

beforeEach(() => render.reset());

afterAll(() => render.stop());

async function createWeb(): Promise<{ id: string; outputs: TreeObject }> {
  return render.plugin.create(WEB, web);
}

test("a disk is never taken away in passing", async () => {
  const { id } = await createWeb();
  const { disk: _, ...news } = web;

  const update = render.plugin.update(WEB, id, { olds: web, news });

  await expect(update).rejects.toThrow(
    "disk: removing it loses what is on the disk. Restore it, or take a backup and consent with allowDataLoss: true.",
  );
});

test("a check refuses what would lose data, in the preview already", async () => {
  const { disk: _, ...bare } = web;

  expect(await render.plugin.check(WEB, { ...web, region: "ohio" }, web)).toEqual([
    {
      property: "region",
      reason:
        "changing it replaces the resource (Render cannot move a service to another region), which loses what is on the disk. Restore it, or take a backup and consent with allowDataLoss: true.",
    },
  ]);
  expect(await render.plugin.check(WEB, { ...bare, allowDataLoss: true }, web)).toEqual([]);
  expect(await render.plugin.check(WEB, { ...web, region: "ohio" })).toEqual([]);
});

test("a delete that loses data is refused without consent, and says what is lost and what to do", async () => {
  const { id, outputs } = await createWeb();

  await expect(render.plugin.remove(WEB, id, { inputs: web, outputs })).rejects.toThrow(
    'WebService "shop": deleting it loses what is on the disk. Restore it, or take a backup and consent: set allowDataLoss: true for it in the spec for one up before it goes, or OPSPEC_ALLOW_DATA_LOSS=test in the environment of this run; opspec destroy takes --allow-data-loss.',
  );
  expect(await render.api("GET", "/services")).toHaveLength(1);
});

test("a disk that nobody declared holds data too, and one that is gone holds none", async () => {
  const { id, outputs } = await createWeb();
  const { disk: _, ...bare } = web;
  const [{ disk }] = (await render.api("GET", "/disks")) as [{ disk: { id: string } }];

  await expect(render.plugin.remove(WEB, id, { inputs: bare, outputs })).rejects.toThrow(
    "deleting it loses what is on the disk",
  );
  await render.api("DELETE", `/disks/${disk.id}`);
  await render.plugin.remove(WEB, id, { inputs: web, outputs });

  expect(await render.api("GET", "/services")).toEqual([]);
});

test.each([
  ["the state has it", { ...web, allowDataLoss: true }, undefined],
  ["the program says it before the replacement", web, { ...web, allowDataLoss: true }],
])("a delete that loses data is done where %s", async (_where, inputs, news) => {
  const { id, outputs } = await createWeb();
  const urn = `${WEB}-${String(news !== undefined)}`;
  if (news) await render.plugin.check(urn, news, web);

  await render.plugin.remove(urn, id, { inputs, outputs });

  expect(await render.api("GET", "/services")).toEqual([]);
});
