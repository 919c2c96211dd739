import { isIP } from 'node:net';
import { type Refusal, refuse, refuseValue } from './leaf.ts';

const EXPECTED = 'a network block such as "10.0.0.0/8" or "2001:db8::/32", or a single address';

/** A CIDR block or a single address, as written. */
export function readNetworkBlock(value: unknown): string | Refusal {
  if (typeof value !== 'string') return refuseValue(EXPECTED, value);
  const slash = value.indexOf('/');
  const address = slash < 0 ? value : value.slice(0, slash);
  const family = address.includes('%') ? 0 : isIP(address);
  if (family === 0) return refuseValue(EXPECTED, value);
  if (slash < 0) return value;
  const bits = value.slice(slash + 1);
  const most = family === 4 ? 32 : 128;
  if (!/^(0|[1-9]\d{0,2})$/.test(bits) || Number(bits) > most) {
    return refuse(`the prefix length of ${JSON.stringify(value)} is not one of /0 to /${most}`);
  }
  return value;
}
