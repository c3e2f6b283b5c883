import { OPENABLE_PATHS } from "@opspec/runtime/contract";
import { z } from "zod";

const OpenPaths = z.array(z.enum(OPENABLE_PATHS)).min(1);

/** Which of the operators' paths answer without a token. */
export const ServiceOpsSpec = z
  .strictObject({
    public: OpenPaths.optional().meta({
      description: "Paths that answer every request without a token.",
      examples: [["/ops/version"]],
    }),
  })
  .meta({
    id: "ops",
    description:
      "Ops paths that answer without a token. Only read-only paths can be opened; paths that change something, and files and backups, always require the token.",
    examples: [{ public: ["/ops/version"] }],
  });
