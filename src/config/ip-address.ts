import { isIP, SocketAddress } from 'node:net';
import { type Refusal, refuseValue } from './leaf.ts';

const EXPECTED = 'an IP address such as "192.0.2.1" or "2001:db8::1"';

/** One address, returned as sockets tell it: IPv6 in its shortest form, IPv4 mapped into IPv6 as the IPv4 address. */
export function readIpAddress(value: unknown): string | Refusal {
  if (typeof value !== 'string') return refuseValue(EXPECTED, value);
  const family = value.includes('%') ? 0 : isIP(value);
  if (family === 0) return refuseValue(EXPECTED, value, hintFor(value));
  if (family === 4) return value;
  const { address } = new SocketAddress({ address: value, family: 'ipv6' });
  return /^::ffff:([\d.]+)$/.exec(address)?.[1] ?? address;
}

function hintFor(value: string): string | undefined {
  if (value.startsWith('[')) return 'without brackets';
  return value.includes('/') ? 'one address: no network' : undefined;
}
