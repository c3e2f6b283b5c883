import { z } from "zod";
import { AbsolutePath, Key, RelativePath } from "./scalar.ts";

/** Largest disk that can be made in the dashboard. @see https://render.com/docs/disks */
const DISK_GB_MAX = 16_384;

/** A disk that survives deploys. A service with one runs as a single instance and stops for a moment at each deploy. */
export const DiskSpec = z
  .strictObject({
    name: Key.optional().meta({
      description: "Name of the disk on Render. Default: <service>-disk.",
      examples: ["database"],
    }),
    mount: AbsolutePath.meta({
      description: "Mount path of the disk.",
      examples: ["/var/data"],
    }),
    sizeGb: z
      .int()
      .min(1)
      .max(DISK_GB_MAX)
      .meta({ description: "Size in GB. It can grow but never shrink.", examples: [5] }),
    persist: z
      .array(RelativePath)
      .optional()
      .meta({
        description:
          "Directories and files of the app that are kept on the disk. The runtime links them before the app starts and creates missing ones.",
        examples: [["backups", "logs", "tools/.digest_disabled"]],
      }),
  })
  .meta({ id: "disk", description: "A disk that survives deploys." });

export type DiskSpec = z.infer<typeof DiskSpec>;
