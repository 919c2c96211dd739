import type { Buffer } from 'node:buffer';

/**
 * Writes an integer (RFC 7541, section 5.1) at `at`: the bits of `mask` are its prefix, `pattern` are the bits of the same octet
 * above them. Returns where it ends, at most five octets on for what a block can hold.
 */
export function encodeInteger(
  target: Buffer,
  at: number,
  pattern: number,
  mask: number,
  value: number,
): number {
  if (value < mask) {
    target[at] = pattern | value;
    return at + 1;
  }
  target[at++] = pattern | mask;
  let rest = value - mask;
  while (rest >= 0x80) {
    target[at++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  target[at] = rest;
  return at + 1;
}
