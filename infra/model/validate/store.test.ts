import { expect, test } from "vitest";
import { refusals } from "../../testing/spec-text.ts";

test("a consumer outside Render needs a place in the allow-list", () => {
  const found = refusals(`
vms:
  main: { address: 203.0.113.10, hostKey: "ssh-ed25519 AAAA", key: { secret: KEY } }
secrets: { KEY: {} }
databases:
  main: { version: 16, plan: free, allowList: [] }
keyValues:
  q: { plan: free, allowList: [{ cidr: 203.0.112.0/24, why: near miss }] }
services:
  box: { type: container, source: { image: nginx }, env: { A: { database: main }, B: { keyValue: q } } }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "6:36   databases/main/allowList: "box" on the VM "main" (203.0.113.10) is not allowed to connect. Add { cidr: 203.0.113.10/32, why: the VM main }.",
      "8:20   keyValues/q/allowList: "box" on the VM "main" (203.0.113.10) is not allowed to connect. Add { cidr: 203.0.113.10/32, why: the VM main }.",
    ]
  `);
});

test("a consumer outside Render cannot use an internal address", () => {
  const found = refusals(`
vms:
  main: { address: 203.0.113.10, hostKey: "ssh-ed25519 AAAA", key: { secret: KEY } }
secrets: { KEY: {} }
databases:
  main: { version: 16, plan: free }
services:
  box: { type: container, source: { image: nginx }, env: { A: { database: main, property: internalUrl } } }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "8:81   services/box/env/A/property: "box" runs on a VM and cannot reach an internal address. Use property: externalUrl.",
    ]
  `);
});

test("a standby needs a plan that has one, and disks grow in steps", () => {
  const found = refusals(`
databases:
  main: { version: 16, plan: basic_1gb, highAvailability: true, diskGb: 7 }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "3:41   databases/main/highAvailability: the plan "basic_1gb" does not support a standby. Use a pro or accelerated plan.",
      "3:65   databases/main/diskGb: should be 1 or a multiple of 5, got 7. Use 10.",
    ]
  `);
});

test("a free Key Value store keeps nothing", () => {
  const found = refusals(`
keyValues:
  q: { plan: free, persistence: snapshot }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "3:20   keyValues/q/persistence: a free Key Value store keeps nothing on disk. Use plan: starter, or persistence: off.",
    ]
  `);
});
