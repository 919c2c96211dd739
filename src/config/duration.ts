import { LONGEST_DELAY_MS } from '../core/longest-delay.ts';
import { type Refusal, refuse, refuseValue } from './leaf.ts';

export const DURATION_PATTERN = '^\\d+(ms|s|m|h)$';

const EXPECTED = 'a duration such as 500ms, 2s, 1m or 1h';
const UNIT_MS: ReadonlyMap<string, number> = new Map([
  ['ms', 1],
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
]);

/** `500ms`, `2s`, `1m`, `1h` → milliseconds, at least `minMs`. */
export function readDuration(value: unknown, minMs = 1): number | Refusal {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0) {
    return refuseValue(EXPECTED, value, `give it a unit: ${value}s or ${value}ms`);
  }
  const parts = typeof value === 'string' ? /^(\d{1,12})(ms|s|m|h)$/.exec(value) : null;
  if (parts === null) return refuseValue(EXPECTED, value);
  const ms = Number(parts[1]) * UNIT_MS.get(parts[2]!)!;
  if (ms < minMs) return refuse(`a duration of ${value} is too short: at least ${minMs}ms`);
  if (ms > LONGEST_DELAY_MS) return refuse(`a duration of ${value} is too long: at most 596h`);
  return ms;
}
