import { Buffer } from 'node:buffer';
import {
  BINARY_FIXED_BYTES,
  BINARY_SIGNATURE,
  BINARY_VERSION,
  COMMAND,
  FAMILY,
  MAX_PORT,
  type ProxiedEndpoint,
  TEXT_PREFIX,
  TRANSPORT,
} from './header.ts';
import { addressBytes, IPV4_BYTES, ipv4Text, ipv6Text } from './ip-address.ts';

/**
 * The header to send in front of a relayed connection. A version 1 line that says UNKNOWN is refused by some receivers, and is only
 * for what cannot be told (section 2.1); so when one address is IPv4 and the other is not, the first is mapped into IPv6. What is
 * no address, or no port, becomes UNKNOWN or LOCAL, which every receiver must take (section 2.2), while UNSPEC for another it may
 * refuse, and some do. Nothing throws.
 */
export function encodeProxyHeader(
  version: 'v1' | 'v2',
  source: ProxiedEndpoint,
  destination: ProxiedEndpoint,
): Buffer {
  const from = addressBytes(withoutZone(source.address));
  const to = addressBytes(withoutZone(destination.address));
  if (from === undefined || to === undefined || !isPort(source.port) || !isPort(destination.port))
    return version === 'v1'
      ? Buffer.from(UNKNOWN_LINE, 'latin1')
      : binaryHeader(COMMAND.LOCAL, FAMILY_UNSPEC, 0);
  const isIPv4 = from.length === IPV4_BYTES && to.length === IPV4_BYTES;
  const addresses: Addresses = isIPv4 ? { isIPv4, from, to } : { isIPv4, from: asIPv6(from), to: asIPv6(to) };
  return version === 'v1'
    ? encodeText(addresses, source.port, destination.port)
    : encodeBinary(addresses, source.port, destination.port);
}

interface Addresses {
  readonly isIPv4: boolean;
  readonly from: Buffer;
  readonly to: Buffer;
}

function encodeText({ isIPv4, from, to }: Addresses, fromPort: number, toPort: number): Buffer {
  const text = isIPv4 ? ipv4Text : ipv6Text;
  const family = isIPv4 ? 'TCP4' : 'TCP6';
  const line = `${PREFIX}${family} ${text(from)} ${text(to)} ${fromPort} ${toPort}\r\n`;
  return Buffer.from(line, 'latin1');
}

function encodeBinary({ isIPv4, from, to }: Addresses, fromPort: number, toPort: number): Buffer {
  const family = ((isIPv4 ? FAMILY.INET : FAMILY.INET6) << 4) | TRANSPORT.STREAM;
  const header = binaryHeader(COMMAND.PROXY, family, 2 * from.length + PORTS_BYTES);
  from.copy(header, BINARY_FIXED_BYTES);
  to.copy(header, BINARY_FIXED_BYTES + from.length);
  const ports = BINARY_FIXED_BYTES + 2 * from.length;
  header.writeUInt16BE(fromPort, ports);
  header.writeUInt16BE(toPort, ports + 2);
  return header;
}

/** The fixed part, with room for `length` octets behind it. */
function binaryHeader(command: number, familyAndTransport: number, length: number): Buffer {
  const header = Buffer.alloc(BINARY_FIXED_BYTES + length);
  BINARY_SIGNATURE.copy(header);
  header[12] = (BINARY_VERSION << 4) | command;
  header[13] = familyAndTransport;
  header.writeUInt16BE(length, 14);
  return header;
}

function asIPv6(address: Buffer): Buffer {
  return address.length === IPV4_BYTES ? Buffer.concat([MAPPED_PREFIX, address]) : address;
}

/** The interface of a link-local address means nothing to another host, and has no place in either form. */
function withoutZone(address: string): string {
  const zone = address.indexOf('%');
  return zone < 0 ? address : address.slice(0, zone);
}

function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 0 && port <= MAX_PORT;
}

const PREFIX = TEXT_PREFIX.toString('latin1');
const UNKNOWN_LINE = `${PREFIX}UNKNOWN\r\n`;
const FAMILY_UNSPEC = (FAMILY.UNSPEC << 4) | TRANSPORT.UNSPEC;
const PORTS_BYTES = 4;

/** ::ffff:0:0/96 */
const MAPPED_PREFIX = Buffer.from('00000000000000000000ffff', 'hex');
