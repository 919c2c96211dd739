import type { X509Certificate } from 'node:crypto';
import { certificateNames } from './certificate-facts.ts';
import { type ChainLink, examineChain } from './chain-check.ts';
import type { Finding } from './finding.ts';
import { checkKey } from './key-check.ts';
import type { LeafMemory } from './leaf-memory.ts';
import { readChain } from './read-chain.ts';

/** All that a certificate and its key say for themselves, whatever the time and the configuration. */
export interface PairFacts {
  /** About the files and the key. */
  readonly findings: readonly Finding[];
  /** Leaf first; empty when the file cannot be read. */
  readonly chain: readonly ChainLink[];
  /** The names of the leaf. */
  readonly names: readonly string[];
  /** Whether those are names of its subjectAltName, and not its common name for want of one. */
  readonly hasAlternativeNames: boolean;
}

/**
 * `parsed`: certificates that stood behind the first in other files, by their text; thousands of leaves share them. `leaves`: is told
 * of the leaf.
 */
export function examinePair(
  cert: string,
  key: string,
  parsed: Map<string, X509Certificate>,
  leaves: LeafMemory,
): PairFacts {
  const read = readChain(cert, parsed);
  const chain = Array.isArray(read) ? read : [];
  const fault: Finding[] = Array.isArray(read) ? [] : [{ field: 'cert', ...read }];
  const [leaf] = chain;
  if (leaf !== undefined) leaves.note(cert, leaf);
  return {
    findings: [...fault, ...checkKey(key, chain)],
    chain: examineChain(chain),
    names: leaf === undefined ? [] : certificateNames(leaf),
    hasAlternativeNames: leaf?.subjectAltName !== undefined,
  };
}
