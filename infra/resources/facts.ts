// What Render defines and several folders need: plain values, without imports.

/** Port on which Render expects a service that says nothing else. @see https://render.com/docs/web-services#port-binding */
export const DEFAULT_PORT = 10_000;

/** Time between SIGTERM and SIGKILL when a service says nothing else. @see https://render.com/docs/deploys#graceful-shutdown */
export const DEFAULT_SHUTDOWN_SECONDS = 30;

/** Longest time that Render waits between SIGTERM and SIGKILL. @see https://render.com/docs/deploys#graceful-shutdown */
export const SHUTDOWN_SECONDS_MAX = 300;

/**
 * Directories of Render's own files: a disk there would hide them.
 *
 * @see https://render.com/docs/disks#setup
 */
export const BANNED_MOUNTS: readonly string[] = [
  "/",
  "/opt",
  "/opt/render",
  "/opt/render/project",
  "/opt/render/project/src",
  "/home",
  "/home/render",
  "/etc",
  "/etc/secrets",
];
