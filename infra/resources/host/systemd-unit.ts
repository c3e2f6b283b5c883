import { z } from "zod";
import { field, type ResourceContract } from "../contract.ts";
import { adoptField } from "./fields.ts";

/** A unit in /etc/systemd/system. */
export const SystemdUnit = {
  token: "host:index:SystemdUnit",
  description: "A systemd unit with its state. A changed unit that is active is restarted.",
  inputs: z.strictObject({
    ...adoptField,
    name: field(
      z
        .string()
        .regex(
          /^[A-Za-z0-9:_.@-]+\.(service|timer|socket|path|mount)$/,
          "should be the name of a unit such as app.service",
        ),
      { description: "Name with its type: `app.service`.", replaces: "the name is the identity" },
    ),
    content: field(z.string().min(1), { description: "Text of the unit file." }),
    enabled: field(z.boolean(), { description: "Whether it starts at boot." }),
    active: field(z.boolean(), { description: "Whether it runs now." }),
    dropIns: field(
      z.array(z.strictObject({ name: z.string().regex(/^[\w.@-]+\.conf$/), content: z.string() })),
      {
        description:
          "Files of /etc/systemd/system/<name>.d. Others there are removed, because they change the unit.",
        unordered: true,
      },
    ),
  }),
  outputs: z.strictObject({}),
} as const satisfies ResourceContract;
