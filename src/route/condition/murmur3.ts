/**
 * The first 64 of the 128 bits of MurmurHash3 (x64 variant, seed 0) of octets, modulo `buckets`: BFE's hash for shares of
 * traffic, so that a user stays in the same share when a site changes from one to the other. `buckets` at most 2^20.
 */
export function murmur3Bucket(octets: string, buckets: number): number {
  const hash = murmur3(octets);
  // (high * 2^32 + low) mod buckets; every product stays below 2^53.
  return (((hash.high >>> 0) % buckets) * (2 ** 32 % buckets) + (hash.low >>> 0)) % buckets;
}

/** As `murmur3Bucket`, the 64 bits themselves. */
export function murmur3(octets: string): Word64 {
  const { length } = octets;
  const h1 = new Word64(0, 0);
  const h2 = new Word64(0, 0);
  const k = new Word64(0, 0);
  const blocksEnd = length - (length % 16);
  for (let i = 0; i < blocksEnd; i += 16) {
    h1.xor(k.load(octets, i, 8).multiply(C1_HIGH, C1_LOW).rotate(31).multiply(C2_HIGH, C2_LOW));
    h1.rotate(27).add(h2).multiply(0, 5).add(N1);
    h2.xor(
      k
        .load(octets, i + 8, 8)
        .multiply(C2_HIGH, C2_LOW)
        .rotate(33)
        .multiply(C1_HIGH, C1_LOW),
    );
    h2.rotate(31).add(h1).multiply(0, 5).add(N2);
  }
  const rest = length - blocksEnd;
  if (rest > 8) {
    k.load(octets, blocksEnd + 8, rest - 8);
    h2.xor(k.multiply(C2_HIGH, C2_LOW).rotate(33).multiply(C1_HIGH, C1_LOW));
  }
  if (rest > 0) {
    k.load(octets, blocksEnd, Math.min(rest, 8));
    h1.xor(k.multiply(C1_HIGH, C1_LOW).rotate(31).multiply(C2_HIGH, C2_LOW));
  }
  const total = new Word64(0, length);
  h1.xor(total);
  h2.xor(total);
  h1.add(h2);
  h2.add(h1);
  h1.mix();
  h2.mix();
  return h1.add(h2);
}

const C1_HIGH = 0x87c37b91;
const C1_LOW = 0x114253d5;
const C2_HIGH = 0x4cf5ad43;
const C2_LOW = 0x2745937f;

/** 64 bits in two halves of 32, changed in place: a BigInt would be allocated for every step. */
class Word64 {
  high: number;
  low: number;

  constructor(high: number, low: number) {
    this.high = high;
    this.low = low;
  }

  /** `count` octets (at most 8) from `start`, the first the lowest. */
  load(octets: string, start: number, count: number): this {
    this.high = 0;
    this.low = 0;
    for (let i = 0; i < count; i++) {
      const octet = octets.charCodeAt(start + i);
      if (i < 4) this.low |= octet << (8 * i);
      else this.high |= octet << (8 * (i - 4));
    }
    return this;
  }

  xor(other: Word64): this {
    this.high ^= other.high;
    this.low ^= other.low;
    return this;
  }

  add(other: Word64): this {
    const low = (this.low >>> 0) + (other.low >>> 0);
    this.high = (this.high + other.high + (low > 0xffffffff ? 1 : 0)) | 0;
    this.low = low | 0;
    return this;
  }

  multiply(high: number, low: number): this {
    const a1 = this.low >>> 16;
    const a0 = this.low & 0xffff;
    const b1 = low >>> 16;
    const b0 = low & 0xffff;
    // The upper half of low * low, from products of 16 bits.
    const middle = a1 * b0 + ((a0 * b0) >>> 16);
    const carry = (a1 * b1 + Math.floor(middle / 65_536) + (a0 * b1 + (middle & 0xffff)) / 65_536) | 0;
    this.high = (Math.imul(this.high, low) + Math.imul(this.low, high) + carry) | 0;
    this.low = Math.imul(this.low, low);
    return this;
  }

  /** To the left, by 1 to 63 bits but 32. */
  rotate(bits: number): this {
    const { high, low } = this;
    const by = bits % 32;
    const isSwapped = bits > 32;
    const [upper, lower] = isSwapped ? [low, high] : [high, low];
    this.high = (upper << by) | (lower >>> (32 - by));
    this.low = (lower << by) | (upper >>> (32 - by));
    return this;
  }

  /** The finalizer: every bit of the input changes every bit of the result with the same chance. */
  mix(): this {
    this.#foldDown().multiply(0xff51afd7, 0xed558ccd);
    this.#foldDown().multiply(0xc4ceb9fe, 0x1a85ec53);
    return this.#foldDown();
  }

  /** x ^= x >>> 33 */
  #foldDown(): this {
    this.low ^= this.high >>> 1;
    return this;
  }
}

const N1 = new Word64(0, 0x52dce729);
const N2 = new Word64(0, 0x38495ab5);
