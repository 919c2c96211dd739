import type { Buffer } from 'node:buffer';

/** Octets as text, one char code per octet. */
export function latin1(bytes: Buffer, start: number, end: number): string {
  // latin1Slice is what toString('latin1') ends in, without its 40 ns of looking the encoding up; not in the typings.
  return (bytes as Latin1Buffer).latin1Slice(start, end);
}

type Latin1Buffer = Buffer & { latin1Slice(start: number, end: number): string };
