import { parseDecimal } from './characters.ts';
import { type HeaderList, headerValue } from './header-list.ts';

/** Over how many more hops a request may go (RFC 9110, section 7.6.2); undefined: as many as it takes. What is no number says nothing. */
export function hopsLeft(method: string, headers: HeaderList): number | undefined {
  if (!isCounted(method)) return undefined;
  const value = headerValue(headers, 'max-forwards');
  const hops = value === undefined ? -1 : parseHops(value);
  return hops < 0 ? undefined : hops;
}

/** What the next hop is told. */
export function maxForwardsBehind(method: string, value: string): string {
  const hops = isCounted(method) ? parseHops(value) : -1;
  return hops > 0 ? String(hops - 1) : value;
}

/** Other methods may have the field, and it means nothing there. */
function isCounted(method: string): boolean {
  return method === 'OPTIONS' || method === 'TRACE';
}

function parseHops(value: string): number {
  return parseDecimal(value, 0, value.length, MAX_DIGITS);
}

/** More hops than these nobody counts. */
const MAX_DIGITS = 9;
