import { parseDecimal } from './characters.ts';

/** The length that a Content-Length value declares, or -1 when it is not one decimal number (RFC 9110, section 8.6). */
export function parseContentLength(value: string): number {
  return parseDecimal(value, 0, value.length, MAX_DIGITS);
}

/** 10^15 − 1 is below 2^53, up to where a double counts exactly. */
const MAX_DIGITS = 15;
