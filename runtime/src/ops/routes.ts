import type { OpsRoute } from "./route.ts";
import { alertRoutes } from "./routes/alerts.ts";
import { appRoutes } from "./routes/app.ts";
import { backupRoutes } from "./routes/backups.ts";
import { cacheRoutes } from "./routes/caches.ts";
import { checkRoutes } from "./routes/checks.ts";
import { digestRoutes } from "./routes/digest.ts";
import { fileRoutes } from "./routes/files.ts";
import { jobRoutes } from "./routes/jobs.ts";
import { loginRoutes } from "./routes/login.ts";
import { migrationRoutes } from "./routes/migrations.ts";
import { pageRoutes } from "./routes/page.ts";
import { queueRoutes } from "./routes/queues.ts";
import { runRoutes } from "./routes/runs.ts";
import { toggleRoutes } from "./routes/toggles.ts";
import { uploadRoutes } from "./routes/uploads.ts";
import { versionRoutes } from "./routes/version.ts";

/** Everything of our own under /ops, a file a noun. */
export const OPS_ROUTES: readonly (readonly OpsRoute[])[] = [
  alertRoutes,
  appRoutes,
  backupRoutes,
  cacheRoutes,
  checkRoutes,
  digestRoutes,
  fileRoutes,
  jobRoutes,
  loginRoutes,
  migrationRoutes,
  pageRoutes,
  queueRoutes,
  runRoutes,
  toggleRoutes,
  uploadRoutes,
  versionRoutes,
];
