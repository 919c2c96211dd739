import { type Refusal, refuse, refuseValue } from './leaf.ts';

export const SIZE_PATTERN = '^\\d+(KiB|MiB|GiB)?$';

const EXPECTED = 'a size such as 16KiB, 1MiB, 2GiB or a plain number of bytes';
const UNIT_BYTES: ReadonlyMap<string, number> = new Map([
  ['', 1],
  ['KiB', 1024],
  ['MiB', 1024 ** 2],
  ['GiB', 1024 ** 3],
]);

/** `16KiB`, `1MiB`, `1GiB`, `4096` → bytes, between `min` and `max`. */
export function readSize(value: unknown, min: number, max: number): number | Refusal {
  const text = typeof value === 'number' ? String(value) : value;
  const parts = typeof text === 'string' ? /^(\d{1,15})(KiB|MiB|GiB|)$/.exec(text) : null;
  if (parts === null) return refuseValue(EXPECTED, value, respell(text));
  const bytes = Number(parts[1]) * UNIT_BYTES.get(parts[2]!)!;
  if (bytes < min) return refuse(`a size of ${text} is too small: at least ${min} bytes`);
  if (bytes > max) return refuse(`a size of ${text} is too large: at most ${max} bytes`);
  return bytes;
}

/** `16k`, `16KB`, `16 kib` are what people mean by 16KiB; a factor of 1000 or 1024 is not guessed silently. */
function respell(text: unknown): string | undefined {
  const parts = typeof text === 'string' ? /^(\d+) ?([kmg])i?b?$/i.exec(text) : null;
  return parts === null ? undefined : `write ${parts[1]}${parts[2]!.toUpperCase()}iB`;
}
