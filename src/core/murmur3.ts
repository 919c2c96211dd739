/**
 * MurmurHash3, x86, 32 bits: fast, evenly spread, the same in every process and after every restart. Not for secrets, nor against
 * people who choose keys so that they collide.
 *
 * Hashes the low octet of each character: what a latin-1 string holds. Gives an unsigned integer below 2^32.
 */
export function murmur3(text: string, seed = 0): number {
  const { length } = text;
  const blocks = length - (length % 4);
  let hash = seed;
  for (let at = 0; at < blocks; at += 4) {
    const word =
      (text.charCodeAt(at) & 0xff) |
      ((text.charCodeAt(at + 1) & 0xff) << 8) |
      ((text.charCodeAt(at + 2) & 0xff) << 16) |
      (text.charCodeAt(at + 3) << 24);
    hash ^= scramble(word);
    hash = (hash << 13) | (hash >>> 19);
    hash = (Math.imul(hash, 5) + 0xe6546b64) | 0;
  }
  let rest = 0;
  for (let at = length - 1; at >= blocks; at--) rest = (rest << 8) | (text.charCodeAt(at) & 0xff);
  hash ^= scramble(rest);
  hash ^= length;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function scramble(word: number): number {
  const product = Math.imul(word, 0xcc9e2d51);
  return Math.imul((product << 15) | (product >>> 17), 0x1b873593);
}
