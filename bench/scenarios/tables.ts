/** Does the cost of a request depend on how much is configured? Each peer against itself, same requests. */
import type { Front, PeerName } from '../peers/peer.ts';
import { SMALL_GET } from './keep-alive.ts';
import { type Contestant, HOST, type Judgement, PLAIN_FRONT, type Scenario } from './scenario.ts';

const COUNT = 10_000;
const PEERS = ['portico', 'nginx', 'haproxy'] as const;

/** All below one domain, so that a wildcard can stand for them. */
export const NAMES_PATTERN = '*.bench.test';
export const MANY_NAMES: readonly string[] = Array.from(
  { length: COUNT },
  (_, index) => `h${index}.bench.test`,
);
/** The host that is asked for stands in the middle of the others. */
const manyHosts: readonly string[] = MANY_NAMES.with(COUNT / 2, HOST);
const manyRules: readonly string[] = MANY_NAMES.map((_, index) => `/r${index}/`);
const ASKED_RULE = `/r${COUNT / 2}/`;

export const tables: readonly Scenario[] = [
  {
    id: 'hosts-10k',
    title: '10,000 hosts configured against one, the same host asked for',
    measure: { kind: 'cpu', unit: 'request', load: SMALL_GET },
    contestants: bothSizes('host', PLAIN_FRONT, { ...PLAIN_FRONT, hosts: manyHosts }),
    judgements: PEERS.map((peer) => growth(peer, 'host')),
  },
  {
    id: 'hosts-10k-spread',
    title: '10,000 hosts configured against one wildcard, all 10,000 asked for in turn',
    measure: { kind: 'cpu', unit: 'request', load: { ...SMALL_GET, hosts: MANY_NAMES } },
    contestants: bothSizes(
      'host',
      { ...PLAIN_FRONT, hosts: [NAMES_PATTERN] },
      { ...PLAIN_FRONT, hosts: MANY_NAMES },
    ),
    judgements: PEERS.map((peer) => ({ ...growth(peer, 'host'), target: undefined })),
  },
  {
    id: 'routes-10k',
    title: '10,000 path rules configured against one',
    measure: { kind: 'cpu', unit: 'request', load: { ...SMALL_GET, path: `${ASKED_RULE}small` } },
    contestants: bothSizes(
      'route',
      { ...PLAIN_FRONT, pathRules: [ASKED_RULE] },
      { ...PLAIN_FRONT, pathRules: manyRules },
    ),
    judgements: PEERS.map((peer) => growth(peer, 'route')),
  },
];

function bothSizes(what: string, one: Front, many: Front): Contestant[] {
  return PEERS.flatMap((peer) => [
    { label: `${peer}, 1 ${what}`, peer, front: one },
    { label: `${peer}, 10k ${what}s`, peer, front: many },
  ]);
}

function growth(peer: PeerName, what: string): Judgement {
  return {
    subject: `${peer}, 10k ${what}s`,
    against: `${peer}, 1 ${what}`,
    kind: 'ratio',
    target: peer === 'portico' ? { bar: 1.05, aim: 1 } : undefined,
  };
}
