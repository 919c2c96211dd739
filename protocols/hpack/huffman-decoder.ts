/**
 * Reads Huffman-coded strings four bits at a time. The 256 inner nodes of the code's tree are the states of a machine; a code has
 * five bits at least, so that half an octet completes one symbol at most. Its table of 16 KiB stays in the nearest cache.
 *
 *   step = TRANSITIONS[state * 16 + half octet]   bits 0–7 next state, bits 8–15 symbol, bit 16 a symbol is complete
 *                                                 -1: the end-of-string symbol, which must not be sent
 */
import type { Buffer } from 'node:buffer';
import { CODE_LENGTHS, CODES, EOS } from './huffman-code.ts';

/** Octets that `length` coded ones can stand for at most: the shortest code has five bits. */
export function maxDecodedBytes(length: number): number {
  return Math.floor((length * 8) / SHORTEST_CODE_BITS);
}

/**
 * Decodes bytes[start, end) into `target`, which must have room for `maxDecodedBytes`. The number of octets written; -1 when the
 * string holds the end-of-string symbol, or is padded with more than seven bits or with others than its first ones.
 */
export function decodeHuffman(bytes: Buffer, start: number, end: number, target: Buffer): number {
  let state = ROOT;
  let length = 0;
  for (let at = start; at < end; at++) {
    const octet = bytes[at]!;
    let step = TRANSITIONS[(state << 4) | (octet >>> 4)]!;
    if (step < 0) return -1;
    if (step >= SYMBOL) target[length++] = step >>> 8;
    step = TRANSITIONS[((step & 0xff) << 4) | (octet & 0xf)]!;
    if (step < 0) return -1;
    if (step >= SYMBOL) target[length++] = step >>> 8;
    state = step & 0xff;
  }
  return MAY_END[state] === 1 ? length : -1;
}

const SHORTEST_CODE_BITS = 5;
const ROOT = 0;
const SYMBOL = 0x1_0000;
const MAX_PADDING_BITS = 7;

/** Inner node by inner node, where bit 0 and bit 1 lead: another inner node, or ~symbol. */
const TREE: readonly [number, number][] = buildTree();
const TRANSITIONS: Int32Array = buildTransitions();
const MAY_END: Uint8Array = buildEnds();

function buildTree(): [number, number][] {
  const nodes: [number, number][] = [[0, 0]];
  for (let symbol = 0; symbol <= EOS; symbol++) {
    let node = nodes[ROOT]!;
    for (let bit = CODE_LENGTHS[symbol]! - 1; bit > 0; bit--) {
      const branch = ((CODES[symbol]! >>> bit) & 1) as 0 | 1;
      if (node[branch] === 0) node[branch] = nodes.push([0, 0]) - 1;
      node = nodes[node[branch]]!;
    }
    node[(CODES[symbol]! & 1) as 0 | 1] = ~symbol;
  }
  return nodes;
}

function buildTransitions(): Int32Array {
  const transitions = new Int32Array(TREE.length * 16);
  for (let index = 0; index < transitions.length; index++)
    transitions[index] = walk(index >>> 4, index & 0xf);
  return transitions;
}

/** Where four bits lead from a node. */
function walk(state: number, bits: number): number {
  let symbol = 0;
  for (let bit = 3; bit >= 0; bit--) {
    const next = TREE[state]![((bits >>> bit) & 1) as 0 | 1];
    if (next === ~EOS) return -1;
    if (next < 0) symbol = SYMBOL | (~next << 8);
    state = next < 0 ? ROOT : next;
  }
  return symbol | state;
}

/** A string may end at a symbol's end, or up to seven bits on the way to the end-of-string symbol, which is all ones. */
function buildEnds(): Uint8Array {
  const ends = new Uint8Array(TREE.length);
  let state = ROOT;
  for (let bits = 0; bits <= MAX_PADDING_BITS; bits++) {
    ends[state] = 1;
    state = TREE[state]![1];
  }
  return ends;
}
