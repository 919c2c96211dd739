import type { AddressKey } from '../../src/route/condition/address-key.ts';
import { readAddress } from '../../src/route/condition/address-key.ts';
import { compileCondition } from '../../src/route/condition/compile-condition.ts';
import { ConditionFault } from '../../src/route/condition/condition-fault.ts';
import type { ConditionSubject, LateFact, Protocol } from '../../src/route/condition/condition-subject.ts';
import { cookiePairs } from '../../src/route/condition/cookie-pairs.ts';
import { queryParameters } from '../../src/route/condition/query-parameters.ts';

/** What a test says of a request; everything has a default. */
export interface SubjectFacts {
  readonly method?: string;
  readonly protocol?: Protocol;
  readonly isSecure?: boolean;
  readonly host?: string;
  readonly port?: number;
  readonly url?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly client?: string;
  readonly peer?: string;
  readonly vip?: string;
  readonly isFromTrusted?: boolean;
  readonly serverName?: string;
  readonly now?: number;
  readonly clientAuthority?: string;
  readonly hostTag?: string;
  readonly tags?: Readonly<Record<string, readonly string[]>>;
  readonly context?: Readonly<Record<string, string>>;
  readonly body?: Readonly<Record<string, string>>;
  readonly status?: number;
  readonly responseHeaders?: Readonly<Record<string, string>>;
}

export const EVERY_FACT: ReadonlySet<LateFact> = new Set(['host-tag', 'tag', 'context', 'body', 'response']);

/** A request as conditions see it, of values that a test gives. */
export function subjectOf(facts: SubjectFacts = {}): ConditionSubject {
  const url = facts.url ?? facts.path ?? '/';
  const headers = Object.entries(facts.headers ?? {}).flat();
  const question = url.indexOf('?');
  return {
    method: facts.method ?? 'GET',
    protocol: facts.protocol ?? 'HTTP/1.1',
    isSecure: facts.isSecure ?? false,
    host: facts.host ?? 'example.org',
    port: facts.port ?? 80,
    url,
    path: facts.path ?? (question < 0 ? url : url.slice(0, question)),
    query: queryParameters(question < 0 ? '' : url.slice(question + 1)),
    cookies: cookiePairs(headers),
    header: (name) => facts.headers?.[name],
    clientAddress: keyOf(facts.client),
    isFromTrusted: facts.isFromTrusted ?? false,
    peerAddress: keyOf(facts.peer),
    virtualAddress: keyOf(facts.vip),
    serverName: facts.serverName,
    now: facts.now ?? 0,
    clientAuthority: facts.clientAuthority,
    hostTag: facts.hostTag,
    tags: (type) => facts.tags?.[type] ?? [],
    contextValue: (key) => facts.context?.[key],
    bodyValue: (path) => facts.body?.[path],
    responseStatus: facts.status ?? 0,
    responseHeader: (name) => facts.responseHeaders?.[name],
  };
}

/** Whether a condition holds; throws what is wrong with it. */
export function holds(text: string, facts: SubjectFacts = {}): boolean {
  const condition = compileCondition(text, { known: EVERY_FACT });
  if (condition instanceof ConditionFault) throw condition;
  return condition.holds(subjectOf(facts));
}

function keyOf(text: string | undefined): AddressKey | undefined {
  return text === undefined ? undefined : readAddress(text);
}
