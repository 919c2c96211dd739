import { isIP } from 'node:net';

/** The blocks that make up a range of addresses, both ends included; a sentence when it is none. */
export function blocksOf(first: string, last: string): readonly string[] | string {
  const family = isIP(first);
  if (family === 0) return `${JSON.stringify(first)} is not an IP address`;
  if (isIP(last) === 0) return `${JSON.stringify(last)} is not an IP address`;
  if (isIP(last) !== family) return 'the range begins with IPv4 and ends with IPv6, or the other way round';
  const width = family === 4 ? 32 : 128;
  const write = family === 4 ? writeIPv4 : writeIPv6;
  let at = numberOf(first);
  const end = numberOf(last);
  if (end < at) return 'the range ends before it begins';
  const blocks: string[] = [];
  while (at <= end) {
    let bits = 0;
    // As large as the address is aligned, and as there is room.
    while (bits < width && (at & ((1n << BigInt(bits + 1)) - 1n)) === 0n) {
      if (at + (1n << BigInt(bits + 1)) - 1n > end) break;
      bits += 1;
    }
    blocks.push(bits === 0 ? write(at) : `${write(at)}/${width - bits}`);
    at += 1n << BigInt(bits);
  }
  return blocks;
}

function numberOf(address: string): bigint {
  if (isIP(address) === 4) return address.split('.').reduce((sum, part) => (sum << 8n) | BigInt(part), 0n);
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(address);
  if (dotted !== null) return numberOf(`${dotted[1]}0:0`) | numberOf(dotted[2]!);
  const [head = '', tail] = address.replace(/%.*$/, '').split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = Array<string>(Math.max(0, 8 - left.length - right.length)).fill('0');
  return [...left, ...zeros, ...right].reduce((sum, part) => (sum << 16n) | BigInt(`0x${part}`), 0n);
}

function writeIPv4(number: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => String((number >> shift) & 255n)).join('.');
}

function writeIPv6(number: bigint): string {
  const groups = Array.from({ length: 8 }, (_, i) =>
    ((number >> BigInt(16 * (7 - i))) & 0xffffn).toString(16),
  );
  // The platform writes it in its shortest form.
  return new URL(`http://[${groups.join(':')}]/`).hostname.slice(1, -1);
}
