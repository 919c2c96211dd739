/** The Huffman code of HPACK (RFC 7541, appendix B), taken from hpack.js. */
import hpack from 'hpack.js';

/** End of string: never sent; its first bits pad the last octet (RFC 7541, section 5.2). */
export const EOS = 256;

/** By octet, and EOS: length in bits, and the code in the low bits. */
export const CODE_LENGTHS: Uint8Array = Uint8Array.from(hpack.huffman.encode, ([bits]) => bits);
export const CODES: Uint32Array = Uint32Array.from(hpack.huffman.encode, ([, code]) => code);
