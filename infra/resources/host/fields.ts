import { z } from "zod";
import { field } from "../contract.ts";

/** An absolute path without `..`; it is the identity of the resource. */
export const pathField = {
  path: field(
    z
      .string()
      .regex(
        /^(?!.*\/\.{1,2}(\/|$))(?!.*\/\/)\/[^\0\n]*[^\0\n/]$/,
        "should be an absolute path such as /opt/app/settings.json",
      ),
    { description: "Absolute path on the host.", replaces: "the path is the identity" },
  ),
};

/** Owner and group of a file or directory. */
export const accessFields = {
  owner: field(
    z
      .string()
      .regex(/^[a-z_][a-z0-9_-]*:[a-z_][a-z0-9_-]*$/, "should be a user and a group: root:root"),
    { description: "User and group: `root:root`." },
  ),
  mode: field(
    z.string().regex(/^0[0-7]{3}$/, "should be four octal digits in quotes, such as 0644"),
    { description: "Permissions in octal: `0644`." },
  ),
};

/** Consent to take over what exists on the host with other content. */
export const adoptField = {
  adopt: field(z.boolean().optional(), {
    description: "Overwrite an existing one that this stack did not create.",
    uncompared: true,
  }),
};
