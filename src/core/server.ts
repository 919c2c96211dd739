import type { Server as NetServer } from 'node:net';
import type { AcmeChallenge } from './acme-challenge.ts';
import type { ProbeResult } from './probe-result.ts';
import type { Session } from './session.ts';
import type { ListenerSettings, Settings } from './settings.ts';
import type { Staple } from './staple.ts';

/** A running front end in one process, as its owners (worker, command line, embedding program) see it. */
export interface Server {
  /** Opens all listeners; rejects with a ListenError when one address cannot be had (then none stays open). */
  start(): Promise<readonly BoundListener[]>;
  /** Swaps the snapshot; opens new listeners, closes removed ones. Rejects, changing nothing, when that is impossible. */
  reload(settings: Settings): Promise<readonly BoundListener[]>;
  /** Opens one more listener, which no reload closes, and serves even if `start` was not called; a ServerClosed once it was stopped. */
  listen(settings: ListenerSettings): Promise<BoundListener>;
  /** The same with a server that listens already; throws. It is closed when this one stops, and leaves when somebody else closes it. */
  serve(server: NetServer, settings: Pick<ListenerSettings, 'tls' | 'proxyProtocol'>): BoundListener;
  /** Takes other keys for session tickets, 48 bytes each: the first for new tickets, those of the others are still accepted. */
  setTicketKeys(keys: readonly Buffer[]): void;
  /** Sends an OCSP response along with a certificate from now on, or none any more. */
  setStaple(staple: Staple): void;
  /** Answers these challenges of certificate authorities, and no others any more. */
  answerChallenges(challenges: readonly AcmeChallenge[]): void;
  /** From now on it sends the probes that are asked for, where several processes share them (`ServerPorts.probing`). */
  probeForAll(): void;
  /** Takes over what the one that does has found. */
  takeProbes(results: readonly ProbeResult[]): void;
  /**
   * Stops accepting, finishes what is in flight within `drainMs` (that of the settings when left out), then cuts the rest. Resolves when all
   * is closed, to the sessions that were cut with something under way. Asked again with 0, it cuts at once.
   */
  stop(drainMs?: number): Promise<readonly Session[]>;
  status(): ServerStatus;
  /** Of the clusters where something is out of order, or waits. */
  troubles(): readonly ClusterTrouble[];
}

export interface BoundListener {
  /** As the configuration wrote it. */
  readonly text: string;
  readonly host: string;
  /** The port really bound (the file may say 0). */
  readonly port: number;
  readonly tls: boolean;
  /** The cluster that its connections are relayed to; absent where it speaks HTTP. */
  readonly stream?: string;
}

/** JSON-able; summed over workers by the primary. */
export interface ServerStatus {
  readonly state: 'starting' | 'running' | 'draining' | 'stopped';
  /** Increases by one with each snapshot taken. */
  readonly generation: number;
  readonly sessions: number;
  readonly exchanges: number;
  /** Connections that are relayed as they are. */
  readonly streams: number;
  readonly listeners: readonly BoundListener[];
  readonly clusters: readonly ClusterStatus[];
}

export interface ClusterStatus {
  readonly name: string;
  /** So many instances are ejected that all are used (`health.panic`). */
  readonly panic: boolean;
  /** Requests and streams that wait for an instance with room. */
  readonly waiting: number;
  readonly instances: readonly InstanceStatus[];
}

/** What is not as it should be at a cluster; of most there is nothing to say, and monitoring asks every few seconds. */
export interface ClusterTrouble extends Pick<ClusterStatus, 'name' | 'panic' | 'waiting'> {
  /** Addresses of its instances that are ejected. */
  readonly ejected: readonly string[];
}

export interface InstanceStatus {
  readonly address: string;
  readonly weight: number;
  /** Less while it is in slow start. */
  readonly effectiveWeight: number;
  readonly state: 'healthy' | 'ejected';
  readonly inFlight: number;
  readonly openConnections: number;
}
