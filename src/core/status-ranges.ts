/** Statuses from the first to the last, both included. */
export type StatusRange = readonly [first: number, last: number];

export function isStatusIn(ranges: readonly StatusRange[], status: number): boolean {
  for (const [first, last] of ranges) if (status >= first && status <= last) return true;
  return false;
}
