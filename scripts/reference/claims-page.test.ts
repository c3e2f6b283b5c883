import { expect, test } from "vitest";
import type { Claim } from "./claim-ledger.ts";
import { renderClaimsPage } from "./claims-page.ts";

const CLAIM: Claim = { section: "Health", claim: "it lives", by: "test", places: [], why: "" };

const SHOP = {
  system: "shop",
  file: "tests/systems/claims/shop.yaml",
  endToEnd: "tests/systems/shop.engine.test.ts",
  claims: [
    {
      ...CLAIM,
      places: [
        { file: "tests/systems/shop.engine.test.ts", text: "`GET /` is 200" },
        { file: "runtime/a.test.ts", text: "it lives" },
      ],
    },
    { ...CLAIM, claim: "its key is new", by: "person" as const, why: "A vendor makes it." },
    { ...CLAIM, claim: "it flies", by: "nothing" as const, why: "It has no wings." },
  ],
};

test("claims are counted by what checks them, and listed with tests and reasons", () => {
  const page = renderClaimsPage([SHOP]);

  expect(page.slice(page.indexOf("| system"))).toMatchInlineSnapshot(`
    "| system | claims | tested | elsewhere | a person | nothing | tested with a note |
    | --- | --- | --- | --- | --- | --- | --- |
    | shop | 3 | 1 | 0 | 1 | 1 | 0 |
    | all | 3 | 1 | 0 | 1 | 1 | 0 |

    ## shop

    ### Tested

    | section | claim | where |
    | --- | --- | --- |
    | Health | it lives | [\`GET /\` is 200](../tests/systems/shop.engine.test.ts) · [it lives](../runtime/a.test.ts) |

    ### Only a person can check

    | section | claim | note |
    | --- | --- | --- |
    | Health | its key is new | A vendor makes it. |

    ### Checked by nothing yet

    | section | claim | note |
    | --- | --- | --- |
    | Health | it flies | It has no wings. |
    "
  `);
});
