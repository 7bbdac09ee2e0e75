/** How often values fall between equally spaced limits. */
export interface Bins {
  /** Where the first bin begins. */
  readonly low: number;
  readonly width: number;
  readonly counts: readonly number[];
}

/**
 * Counts values in bins of equal width from `low` to `high`; the upper end belongs to the last one. Numbers outside,
 * and those that are not finite, are not counted.
 */
export function countInBins(values: ArrayLike<number>, [low, high]: readonly [number, number], bins: number): Bins {
  const counts = new Array<number>(bins).fill(0);
  const width = (high - low) / bins;
  for (let i = 0; i < values.length; i++) {
    if (values[i] >= low && values[i] <= high) counts[Math.min(bins - 1, Math.floor((values[i] - low) / width))]++;
  }
  return { low, width, counts };
}

/** The smallest and the largest of the finite numbers; undefined without any. */
export function extent(values: ArrayLike<number>): [low: number, high: number] | undefined {
  let [low, high] = [Infinity, -Infinity];
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (!Number.isFinite(value)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low <= high ? [low, high] : undefined;
}
