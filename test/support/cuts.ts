import type { Buffer } from 'node:buffer';

/**
 * The same bytes in every way they may arrive: whole, in two pieces cut at each place, and octet by octet. Of long input
 * only the places near both ends and every 97th between are cut.
 */
export function* allCuts(bytes: Buffer): Generator<readonly Buffer[]> {
  yield [bytes];
  for (let at = 1; at < bytes.length; at++) {
    const isNearEnd = at < LONG_INPUT / 2 || bytes.length - at < LONG_INPUT / 2;
    if (isNearEnd || at % 97 === 0) yield [bytes.subarray(0, at), bytes.subarray(at)];
  }
  yield eachOctet(bytes);
}

export function eachOctet(bytes: Buffer): readonly Buffer[] {
  return Array.from({ length: bytes.length }, (_, at) => bytes.subarray(at, at + 1));
}

const LONG_INPUT = 512;
