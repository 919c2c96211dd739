/**
 * IP addresses between text and octets, in network byte order. Strict, because what is read here decides who is trusted:
 * no leading zeros (octal to some readers), no zone, nothing left out.
 */
import { Buffer } from 'node:buffer';

export const IPV4_BYTES = 4;
export const IPV6_BYTES = 16;

/** The octets of an address, 4 or 16 of them; undefined when the text is none. */
export function addressBytes(text: string): Buffer | undefined {
  return text.includes(':') ? ipv6Bytes(text) : ipv4Bytes(text);
}

export function ipv4Bytes(text: string): Buffer | undefined {
  const octets = text.split('.', IPV4_BYTES + 1);
  if (octets.length !== IPV4_BYTES) return undefined;
  const bytes = Buffer.alloc(IPV4_BYTES);
  for (let i = 0; i < IPV4_BYTES; i++) {
    const octet = decimal(octets[i]!, 255);
    if (octet === undefined) return undefined;
    bytes[i] = octet;
  }
  return bytes;
}

/** With `::` at most once, for at least one group; the last two groups may be written as an IPv4 address, as inet_ntop does. */
export function ipv6Bytes(text: string): Buffer | undefined {
  const gap = text.indexOf('::');
  if (gap < 0) {
    const bytes = groupBytes(text, true);
    return bytes?.length === IPV6_BYTES ? bytes : undefined;
  }
  const head = gap === 0 ? NOTHING : groupBytes(text.slice(0, gap), false);
  const tail = gap + 2 === text.length ? NOTHING : groupBytes(text.slice(gap + 2), true);
  if (head === undefined || tail === undefined) return undefined;
  const zeros = IPV6_BYTES - head.length - tail.length;
  return zeros < 2 ? undefined : Buffer.concat([head, Buffer.alloc(zeros), tail]);
}

/** Groups between colons, however many (of too many only so many that it shows). */
function groupBytes(text: string, mayEndInIPv4: boolean): Buffer | undefined {
  const groups = text.split(':', IPV6_BYTES / 2 + 1);
  const bytes: number[] = [];
  for (let i = 0; i < groups.length; i++) {
    const group = groups[i]!;
    if (mayEndInIPv4 && i === groups.length - 1 && group.includes('.')) {
      const quad = ipv4Bytes(group);
      return quad && Buffer.from([...bytes, ...quad]);
    }
    const value = hexadecimal(group);
    if (value === undefined) return undefined;
    bytes.push(value >> 8, value & 0xff);
  }
  return Buffer.from(bytes);
}

export function ipv4Text(bytes: Buffer, at = 0): string {
  return `${bytes[at]}.${bytes[at + 1]}.${bytes[at + 2]}.${bytes[at + 3]}`;
}

/** In the form of RFC 5952, section 4, all groups hexadecimal. */
export function ipv6Text(bytes: Buffer): string {
  const groups: number[] = [];
  for (let i = 0; i < IPV6_BYTES; i += 2) groups.push(bytes.readUInt16BE(i));
  const { start, length } = longestZeros(groups);
  if (length < 2) return hexGroups(groups);
  return `${hexGroups(groups.slice(0, start))}::${hexGroups(groups.slice(start + length))}`;
}

/** The text by which an address is known here: an IPv4 address in IPv6 clothes (::ffff:0:0/96) is the IPv4 address. */
export function endpointAddress(bytes: Buffer): string {
  if (bytes.length === IPV4_BYTES) return ipv4Text(bytes);
  return isMappedIPv4(bytes) ? ipv4Text(bytes, IPV6_BYTES - IPV4_BYTES) : ipv6Text(bytes);
}

/** RFC 4291, section 2.5.5.2. */
function isMappedIPv4(bytes: Buffer): boolean {
  return bytes.readUIntBE(0, 6) === 0 && bytes.readUIntBE(6, 6) === 0xffff;
}

/** The first of the longest runs of zeros (RFC 5952, section 4.2.3). */
function longestZeros(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  let length = 0;
  for (let i = 0; i < groups.length; i++) {
    length = groups[i] === 0 ? length + 1 : 0;
    if (length > best.length) best = { start: i - length + 1, length };
  }
  return best;
}

function hexGroups(groups: readonly number[]): string {
  return groups.map((group) => group.toString(16)).join(':');
}

/** Digits without leading zeros, at most `most` (below 100 000); undefined for anything else. */
export function decimal(text: string, most: number): number | undefined {
  if (text.length === 0 || text.length > 5 || (text.length > 1 && text.charCodeAt(0) === ZERO))
    return undefined;
  let value = 0;
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - ZERO;
    if (digit < 0 || digit > 9) return undefined;
    value = value * 10 + digit;
  }
  return value <= most ? value : undefined;
}

/** One to four hexadecimal digits. */
function hexadecimal(text: string): number | undefined {
  if (text.length === 0 || text.length > 4) return undefined;
  let value = 0;
  for (let i = 0; i < text.length; i++) {
    const digit = '0123456789abcdef'.indexOf(text[i]!.toLowerCase());
    if (digit < 0) return undefined;
    value = value * 16 + digit;
  }
  return value;
}

const ZERO = 0x30;
const NOTHING = Buffer.alloc(0);
