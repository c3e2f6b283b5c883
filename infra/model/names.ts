/**
 * Longest name on Render. A name becomes the first label of the host name (63 characters at most),
 * and Render appends up to 5 characters (`-x4fq`) when the label is taken.
 *
 * @see https://www.rfc-editor.org/rfc/rfc1035#section-2.3.4
 */
export const RENDER_NAME_LENGTH_MAX = 58;

/** Name of a service. A single service has the system's name. */
export function serviceName(system: string, key: string, serviceCount: number): string {
  return serviceCount === 1 ? system : `${system}-${key}`;
}

/** Name of a cron job, of a database, of an env group: always with the key. */
export function partName(system: string, key: string): string {
  return `${system}-${key}`;
}

/** Suffix of a job's second cron, which covers summer time. */
export const SUMMER_SUFFIX = "-summer";
