/** Default time zone of a stack. */
export const DEFAULT_TIMEZONE = "UTC";

/** Render's own default region. */
export const DEFAULT_REGION = "oregon";

export const DEFAULT_BRANCH = "main";

/** Smallest paid instance type. Render has no free cron jobs. */
export const DEFAULT_JOB_PLAN = "starter";

export const DEFAULT_CHECK_STATUS = 200;

/** Variable with the URL of the service that a cron job calls. */
export const CALL_URL = "OPSPEC_CALL_URL";

/** 256 random bits, the same as Render's own generated values. */
export const TOKEN_BYTES = 32;

/** Directory of secret files. @see https://render.com/docs/configure-environment-variables#secret-files */
export const SECRET_FILES_DIR = "/etc/secrets";

/** Render's default directory of a built static site. */
export const DEFAULT_PUBLISH_PATH = "public";

/** Login user of Oracle's and Canonical's Ubuntu images. */
export const DEFAULT_VM_USER = "ubuntu";

/** Directory of the runtime's own files on a service's disk. */
export const RUNTIME_DISK_DIR = ".opspec";

/** Directory on a VM with the files of its containers: <directory>/<stack>/<service>/<file>. */
export const VM_FILES_DIR = "/etc/opspec";
