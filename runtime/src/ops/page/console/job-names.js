/** @type {PromiseWithResolvers<readonly string[]>} */
const first = Promise.withResolvers();

/** The names of the jobs, as soon as they were loaded for the first time. */
export const jobNames = first.promise;

/**
 * Whoever waits for the names waits no longer when they cannot be loaded.
 *
 * @param {Promise<readonly string[]>} loading
 */
export async function tellJobNames(loading) {
  first.resolve(await loading.catch(() => []));
}
