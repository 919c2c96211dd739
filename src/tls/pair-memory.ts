import { hash, type X509Certificate } from 'node:crypto';
import { LeafMemory } from './leaf-memory.ts';
import { examinePair, type PairFacts } from './pair-facts.ts';

/**
 * The facts of the pairs that the last check saw. Of ten thousand certificates one is renewed at a time, and the signatures and keys
 * of the others are as good as they were; what time and configuration make of them is judged anew each time. By the hash of both texts,
 * so that no key is kept here.
 */
export class PairMemory {
  /** What the leaves of those pairs say. */
  readonly leaves: LeafMemory = new LeafMemory();
  #known: ReadonlyMap<string, PairFacts> = new Map();

  /** Gives the facts of each pair of one check; afterwards those of no others are known. */
  examineAll(pairs: readonly { readonly cert: string; readonly key: string }[]): PairFacts[] {
    const parsed = new Map<string, X509Certificate>();
    const seen = new Map<string, PairFacts>();
    const facts = pairs.map(({ cert, key }) => {
      // The length keeps apart what would be the same text in a row.
      const id = hash('sha256', `${cert.length} ${cert}${key}`, 'base64');
      const found = seen.get(id) ?? this.#known.get(id) ?? examinePair(cert, key, parsed, this.leaves);
      seen.set(id, found);
      return found;
    });
    this.#known = seen;
    this.leaves.keep(pairs.map(({ cert }) => cert));
    return facts;
  }
}
