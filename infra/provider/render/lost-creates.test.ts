import { expect, test } from "vitest";
import { LOST_CREATES } from "./lost-creates.ts";
import { RENDER_TYPES } from "./resource-types.ts";

test("every resource type has one proof of a create whose answer was lost", () => {
  const names = RENDER_TYPES.map(({ contract }) => contract.token.split(":").at(-1));

  expect(LOST_CREATES.flatMap(({ types }) => types).toSorted()).toEqual(names.toSorted());
});
