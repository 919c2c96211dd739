import { readFileSync } from 'node:fs';
import type { Path } from './problem.ts';

/** The configuration as text; what it names as octets (latin-1), because that is PEM, which is ASCII, or binary. */
export function readFromDisk(file: string, path?: Path): string {
  return readFileSync(file, path === undefined ? 'utf8' : 'latin1');
}
