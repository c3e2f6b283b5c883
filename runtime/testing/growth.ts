/** Characters of the smaller text. The larger one has four times as many. */
const SIZE = 25_000;
const GROWTH = 4;

/**
 * Largest ratio of the two times. Linear work takes 4 times as long and quadratic work 16 times;
 * the limit is the geometric middle.
 */
export const RATIO_MAX = 8;

/**
 * The fastest of several runs is the least disturbed one. Repetition does not make quadratic
 * work look linear.
 */
const RUNS_MAX = 12;

/**
 * Ratio of the times for a text of four times the size.
 *
 * @param noiseMs times below this are noise, so they count as this
 */
export function growthOf(
  write: (size: number) => string,
  work: (text: string) => void,
  noiseMs: number,
): number {
  const [small, large] = [write(SIZE), write(GROWTH * SIZE)];
  const fastest = { small: Infinity, large: Infinity };
  let ratio = Infinity;
  for (let run = 0; run < RUNS_MAX && ratio >= RATIO_MAX; run += 1) {
    fastest.small = Math.min(fastest.small, elapsedMs(work, small));
    fastest.large = Math.min(fastest.large, elapsedMs(work, large));
    ratio = Math.max(fastest.large, noiseMs) / Math.max(fastest.small, noiseMs);
  }
  return ratio;
}

function elapsedMs(work: (text: string) => void, text: string): number {
  const start = performance.now();
  work(text);
  return performance.now() - start;
}
