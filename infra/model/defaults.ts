/** Zone of times of day when a stack names none. */
export const DEFAULT_TIMEZONE = "UTC";

/** Render's own default region. */
export const DEFAULT_REGION = "oregon";

export const DEFAULT_BRANCH = "main";

/** Smallest paid instance type: Render runs no cron job on a free one. */
export const DEFAULT_JOB_PLAN = "starter";

export const DEFAULT_CHECK_STATUS = 200;

/** Where a cron job finds the service that it calls. */
export const CALL_URL = "OPSPEC_CALL_URL";

/** 256 bits of randomness, as Render's own generated values have. */
export const TOKEN_BYTES = 32;

/** Directory of secret files. @see https://render.com/docs/configure-environment-variables#secret-files */
export const SECRET_FILES_DIR = "/etc/secrets";

/** Name of the built directory of a static site, as Render has it. */
export const DEFAULT_PUBLISH_PATH = "public";

/** User of Oracle's and Canonical's Ubuntu images. */
export const DEFAULT_VM_USER = "ubuntu";

/** Directory of the runtime's own files on a service's disk. */
export const RUNTIME_DISK_DIR = ".opspec";

/** Directory of a VM that has the files of its containers: <directory>/<stack>/<service>/<file>. */
export const VM_FILES_DIR = "/etc/opspec";
