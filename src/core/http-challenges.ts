import { authorityHost } from '../../protocols/http/authority.ts';
import { type HttpChallenge, MAX_PENDING_CHALLENGES } from './acme-challenge.ts';
import type { Exchange } from './exchange.ts';

/** Answers of HTTP-01 (RFC 8555, section 8.3), while a certificate authority may ask for them. */
export class HttpChallenges {
  /** By host and token. */
  readonly #answers = new Map<string, string>();
  /** False nearly always: then requests pay one comparison for this. */
  isPending = false;

  /** These and no others. Throws when they are too many. */
  replace(challenges: readonly HttpChallenge[]): void {
    if (challenges.length > MAX_PENDING_CHALLENGES) throw new Error('too many challenges');
    this.#answers.clear();
    for (const { host, token, answer } of challenges) this.#answers.set(`${host}/${token}`, answer);
    this.isPending = challenges.length > 0;
  }

  /** The body of the answer; undefined: it is a request like any other. */
  answerTo({ head, session }: Pick<Exchange, 'head' | 'session'>): string | undefined {
    const { method, path, authority } = head;
    if (session.tls !== undefined || !path.startsWith(WELL_KNOWN)) return undefined;
    if (method !== 'GET' && method !== 'HEAD') return undefined;
    return this.#answers.get(`${authorityHost(authority)}/${path.slice(WELL_KNOWN.length)}`);
  }
}

const WELL_KNOWN = '/.well-known/acme-challenge/';
