import { expect, test } from "vitest";
import { refusals } from "../testing/spec-text.ts";

test("a store of an older version names what replaces it", () => {
  const found = refusals(`
stores: { records: { keyValue: queue } }
services:
  web:
    stores: { records: { file: logs/runs.jsonl }, coordination: { directory: /data/locks } }
  api:
    stores: { records: { keyValue: queue } }
`);

  expect(found.filter((it) => it.includes("no longer"))).toMatchInlineSnapshot(`
    [
      "2:22   stores/records/keyValue: is no longer a key. Run records are kept in a database. Write records: { database: … }, or { sqlite: … } in a service with a disk. Leases may stay: coordination: { keyValue: … }.",
      "5:26   services/web/stores/records/file: is no longer a key. Run records are kept in a database. Write records: { sqlite: … } with the same path, but .db instead of .jsonl: the runtime imports the old file when it starts.",
      "5:67   services/web/stores/coordination/directory: is no longer a key. Leases are kept in a database or a Key Value store. Write coordination: { sqlite: … } with the same path and .db: the runtime imports the old directory when it starts.",
      "7:26   services/api/stores/records/keyValue: is no longer a key. Run records are kept in a database. Write records: { database: … }, or { sqlite: … } in a service with a disk. Leases may stay: coordination: { keyValue: … }.",
    ]
  `);
  expect(found.filter((it) => it.includes("stores"))).toHaveLength(4);
});

test("a path for this machine only is refused, with the token as the remedy", () => {
  const found = refusals(`
services:
  api: { ops: { loopbackOnly: [/ops/jobs], public: [/ops/version] } }
`);

  expect(found.filter((it) => it.includes("ops/"))).toMatchInlineSnapshot(`
    [
      "3:17   services/api/ops/loopbackOnly: is no longer a key. A proxy on the machine may forward requests without a header that says so, which would open the paths to everybody. Send the token from the machine too: curl -H "x-ops-token: $OPSPEC_OPS_TOKEN" ….",
    ]
  `);
});
