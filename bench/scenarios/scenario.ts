/** What a scenario is made of. A scenario is data: to add one, add it to a file here and that file to `all.ts`. */
import type { Trouble } from '../fleet.ts';
import type { HttpLoad, OpenLoad, RateLoad } from '../load/load.ts';
import type { Front, PeerName } from '../peers/peer.ts';

export interface Scenario {
  /** For `--only`. */
  readonly id: string;
  readonly title: string;
  readonly measure: Measure;
  readonly contestants: readonly Contestant[];
  readonly judgements: readonly Judgement[];
}

/** One proxy in one configuration. */
export interface Contestant {
  /** In tables: the peer's name, with what sets it apart where a peer competes twice. */
  readonly label: string;
  readonly peer: PeerName;
  readonly front: Front;
}

export type Measure =
  /** CPU of the proxy per unit that was completed. */
  | { readonly kind: 'cpu'; readonly unit: CpuUnit; readonly load: HttpLoad }
  /** Microseconds within which 99 of 100 requests are answered. */
  | { readonly kind: 'latency'; readonly load: RateLoad }
  /** Requests of 10,000 that fail from the moment on at which one backend of the fleet does. */
  | { readonly kind: 'trouble'; readonly trouble: Trouble; readonly load: OpenLoad }
  /** KiB of resident memory per idle connection. */
  | { readonly kind: 'idle-memory'; readonly connections: number; readonly tls: boolean };

/** A round trip is a request too, with nobody on the way who knows that it is one. GiB are bodies, in either direction. */
export type CpuUnit = 'request' | 'connection' | 'round trip' | 'GiB';

/** A figure to look at; with `target`, one to be held to. */
export interface Judgement {
  /** The contestant it is about, and the one it is compared with. */
  readonly subject: string;
  readonly against: string | undefined;
  /** subject / against, subject - against, or the subject's own figure. */
  readonly kind: 'ratio' | 'difference' | 'value';
  readonly target: Target | undefined;
}

/** The figure must not be over `bar`, if there is one, and should not be over `aim`. */
interface Target {
  readonly bar: number | undefined;
  readonly aim: number;
}

/** The host that clients ask for; its address is loopback everywhere. */
export const HOST = 'localhost';
export const PLAIN_FRONT: Front = {
  hosts: [HOST],
  pathRules: [],
  accessLog: false,
  hasHostCertificates: false,
  clients: 'http/1.1',
  origin: 'http/1.1',
  pipelining: 1,
  hasFleet: false,
};

/** Every peer in the same plain configuration. */
export const EVERY_PEER: readonly Contestant[] = contestantsWith(PLAIN_FRONT, [
  'portico',
  'nginx',
  'haproxy',
  'node:http',
]);

/** Peers under their own names, all in the same configuration. */
export function contestantsWith(front: Front, peers: readonly PeerName[]): Contestant[] {
  return peers.map((peer) => ({ label: peer, peer, front }));
}

/** In what CPU is counted: a GiB costs a million times as much as a request. */
export function costUnit(unit: CpuUnit): { readonly name: string; readonly microseconds: number } {
  return unit === 'GiB' ? { name: 'ms', microseconds: 1000 } : { name: 'µs', microseconds: 1 };
}

/** What stands in a table beside the measured value, in the same unit unless it names another. */
export function partNames({ kind }: Measure): readonly string[] {
  return PART_NAMES[kind];
}

const PART_NAMES: Readonly<Record<Measure['kind'], readonly string[]>> = {
  cpu: ['user', 'system'],
  latency: ['p50', 'p99.9'],
  // Failed by what the client saw; latency while all is well, and what the trouble adds; requests that backends saw beyond the client's.
  trouble: ['status', 'cut', 'late', 'p50 ms', '+p50', 'p99 ms', '+p99', 'extra %'],
  'idle-memory': [],
};

/** Portico over nginx, held to a target; over HAProxy, for the reader. */
export function ratioToNginx(bar: number, aim: number): Judgement[] {
  return [
    { subject: 'portico', against: 'nginx', kind: 'ratio', target: { bar, aim } },
    { subject: 'portico', against: 'haproxy', kind: 'ratio', target: undefined },
  ];
}
