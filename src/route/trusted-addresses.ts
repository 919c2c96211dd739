import { type AddressKey, readAddress } from './condition/address-key.ts';

/** Addresses and blocks (`10.0.0.0/8`) whose word is taken. */
export class TrustedAddresses {
  readonly #ranges: readonly (readonly [first: AddressKey, last: AddressKey])[];

  /** Validated; throws for what is not a block. */
  constructor(blocks: readonly string[]) {
    this.#ranges = blocks.map(rangeOf);
  }

  has(address: AddressKey): boolean {
    for (const [first, last] of this.#ranges) if (address >= first && address <= last) return true;
    return false;
  }
}

function rangeOf(block: string): readonly [AddressKey, AddressKey] {
  const [text, prefix] = block.split('/') as [string, string | undefined];
  const address = readAddress(text);
  if (address === undefined) throw new Error(`not an address block: ${block}`);
  // Keys are IPv6; an IPv4 address is the last 32 bits of one.
  const bits = prefix === undefined ? 128 : Number(prefix) + (text.includes(':') ? 0 : 96);
  let first = '';
  let last = '';
  for (let i = 0; i < 8; i++) {
    const free = 16 - Math.min(16, Math.max(0, bits - i * 16));
    const group = address.charCodeAt(i);
    first += String.fromCharCode((group >> free) << free);
    last += String.fromCharCode(group | ((1 << free) - 1));
  }
  return [first, last];
}
