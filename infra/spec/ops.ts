import { OPENABLE_PATHS } from "@opspec/runtime/contract";
import { z } from "zod";

const OpenPaths = z.array(z.enum(OPENABLE_PATHS)).min(1);

/** Which of the operators' paths answer without a token. */
export const ServiceOpsSpec = z
  .strictObject({
    loopbackOnly: OpenPaths.optional().meta({
      description:
        "Paths that answer without a token who asks on the machine itself; others need the token. What a proxy there asks for somebody else is not from the machine.",
      examples: [["/ops/jobs"]],
    }),
    public: OpenPaths.optional().meta({
      description: "Paths that answer anybody without a token.",
      examples: [["/ops/version"]],
    }),
  })
  .meta({
    id: "ops",
    description:
      "Which of the operators' paths answer without a token. They only tell; whatever changes something, and files and backups, always need the token.",
    examples: [{ loopbackOnly: ["/ops/jobs"] }],
  });
