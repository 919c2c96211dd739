/** A mapping of the configuration that is being made: keys in the order in which they will be written. */
export interface Draft {
  [key: string]: DraftValue | undefined;
}

export type DraftValue = string | number | boolean | Draft | readonly DraftValue[];

/** `2000` → `2s`, in the largest unit that is exact. */
export function durationText(ms: number): string {
  for (const [unit, size] of UNITS) if (ms > 0 && ms % size === 0) return `${ms / size}${unit}`;
  return `${ms}ms`;
}

const UNITS = [
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
] as const;

/** `1048576` → `1MiB`, in the largest unit that is exact. */
export function sizeText(bytes: number): string | number {
  if (bytes > 0 && bytes % 1024 ** 2 === 0) return `${bytes / 1024 ** 2}MiB`;
  return bytes > 0 && bytes % 1024 === 0 ? `${bytes / 1024}KiB` : bytes;
}

/** A text in which no variable begins: `%{` stands for itself. */
export function plainTemplate(text: string): string {
  return text.replaceAll('%{', '%%{');
}
