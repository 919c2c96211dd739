import type { X509Certificate } from 'node:crypto';
import type { CertificateSummary } from './certificate-summary.ts';
import { summarize, UNREADABLE } from './certificate-summary.ts';
import { mustStaple, responderUrl } from './ocsp/responder.ts';
import { readLeaf } from './read-chain.ts';

/** What the first certificate of a PEM text says of itself. */
export interface LeafFacts {
  readonly summary: CertificateSummary;
  /** Where its OCSP responses are to be had, if it says. */
  readonly responder: string | undefined;
  readonly mustStaple: boolean;
}

/** Facts of leaves by their PEM text, so that ten thousand of them are parsed once, and not by everybody who wants to know something. */
export class LeafMemory {
  #known = new Map<string, LeafFacts>();

  /** Never throws: of what cannot be read, everything is empty. */
  factsOf(pem: string): LeafFacts {
    let facts = this.#known.get(pem);
    if (facts === undefined) {
      facts = factsOf(readLeaf(pem));
      this.#known.set(pem, facts);
    }
    return facts;
  }

  /** For who has it parsed anyway. */
  note(pem: string, leaf: X509Certificate): void {
    if (!this.#known.has(pem)) this.#known.set(pem, factsOf(leaf));
  }

  /** Forgets all others. */
  keep(pems: Iterable<string>): void {
    const before = this.#known;
    this.#known = new Map();
    for (const pem of pems) {
      const facts = before.get(pem);
      if (facts !== undefined) this.#known.set(pem, facts);
    }
  }
}

function factsOf(leaf: X509Certificate | undefined): LeafFacts {
  if (leaf === undefined) return { summary: UNREADABLE, responder: undefined, mustStaple: false };
  return { summary: summarize(leaf), responder: responderUrl(leaf), mustStaple: mustStaple(leaf) };
}
