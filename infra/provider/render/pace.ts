/** How long the client waits, in milliseconds. A plugin takes Render's pace; tests against a cloud in their own process are faster. */
export interface Pace {
  /** One request may take this long before it counts as lost. */
  readonly requestTimeoutMs: number;
  /** The first wait between attempts; it doubles from there. */
  readonly backoffMs: number;
  /** The first wait between two looks at what takes time; each next one is longer. */
  readonly pollMs: number;
  /** A deploy that is not live after this long is given up. */
  readonly deployMs: number;
  /** A datastore that is not available after this long is given up. */
  readonly settleMs: number;
}

/**
 * Render's own answers take seconds at most; attempts are 0.25, 0.5, 1, 2 and 4 s apart.
 *
 * A deploy may take Render's own limits added up: build 120 min, pre-deploy 30 min, start and health
 * 15 min. A database is ready within minutes; Render's own Terraform provider gives up after 15.
 *
 * @see https://render.com/docs/deploys
 */
export const RENDER_PACE: Pace = {
  requestTimeoutMs: 60_000,
  backoffMs: 250,
  pollMs: 150,
  deployMs: 165 * 60_000,
  settleMs: 15 * 60_000,
};
