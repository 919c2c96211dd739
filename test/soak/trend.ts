/**
 * Growth per step of a row of measurements: the median of the slopes between all pairs (Theil and Sen). One step up or down, as
 * when V8 throws away code that has not run for a while, neither looks like a leak nor hides one.
 */
export function slope(values: readonly number[]): number {
  const slopes = values.flatMap((value, step) =>
    values.slice(step + 1).map((later, distance) => (later - value) / (distance + 1)),
  );
  return slopes.toSorted((a, b) => a - b)[slopes.length >> 1]!;
}
