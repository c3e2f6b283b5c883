/**
 * So many finished slots of a job are remembered; what is older is never given out.
 *
 * Slots are claimed in their order but for a few, so that memory matters only for those few.
 */
export const SLOTS_REMEMBERED = 1_000;
