import type { Buffer } from 'node:buffer';
import type { BytesOwner } from '../../protocols/http/output.ts';
import type { ExchangeError } from './errors.ts';
import type { ClusterFacts, InstanceFacts, TenantFacts } from './exchange.ts';
import type { Session } from './session.ts';
import type { StreamTargetSettings } from './settings.ts';

/** One of the two connections that a stream is made of, as who relays between them sees it. */
export interface StreamSide {
  /** False: hold back until it is writable. The bytes are accepted either way. */
  write(bytes: Buffer, start: number, end: number, owner: BytesOwner | undefined): boolean;
  /** The other side has ended its direction, properly: so does this one when all is written. */
  end(): void;
  /** After its data was answered by false. */
  resume(): void;
  /** Ends both directions at once, so that the peer sees that something is missing. It tells nothing more. */
  reset(): void;
  /**
   * The other side is no more. A peer that is to get all that there was, its end included, gets it, and `closed` is told
   * after that; any other is reset, and that is all: then true.
   */
  cut(): boolean;
  /** Nothing moves for the time being: gives back what memory it can. */
  relax(): void;
  /** Whether its peer has taken something of what waits for it since this was asked last, or since it did not take all. */
  hasAdvanced(): boolean;
}

/** What one connection tells. */
export interface StreamSideEvents {
  /** False: no more until `resume()`; what is on its way comes all the same. */
  data(bytes: Buffer, start: number, end: number, owner: BytesOwner | undefined): boolean;
  /** The peer has ended its direction: by FIN, over TLS by close_notify. */
  ended(): void;
  /** After `write` said false. */
  writable(): void;
  /** It was reset, or ended in the middle. Nothing more is told. */
  broken(cause: string): void;
  /** Both directions have ended and all is written. Nothing more is told. */
  closed(): void;
  /** A fault of ours in one of the calls above. */
  crashed(error: unknown): void;
}

/** How a stream came to us: out of TLS that was terminated here, in TLS that was not, or by a listener for nothing else. */
export type StreamWay = 'terminated' | 'passthrough' | 'listener';

/**
 * A connection whose bytes are relayed both ways as they are. It stands beside the exchange: a driver subclasses it with
 * the methods that move bytes, the pipeline fills in the facts.
 *
 *   attach(sink) ─► watch ─► { clientData, write }* ─► both directions ended ─► finish
 */
export abstract class RawStream implements StreamSide {
  readonly session: Session;
  readonly id: string;
  readonly way: StreamWay;
  /** Lower-case, as the ClientHello has it; '' without one, or without a name in it. */
  readonly serverName: string;
  /** Where its listener leads; else its tenant says that. */
  readonly target: StreamTargetSettings | undefined;
  /** Clock.now() when it was handed over: after the handshake, or the ClientHello. */
  readonly beganAt: number;

  tenant: TenantFacts | undefined = undefined;
  cluster: ClusterFacts | undefined = undefined;
  instance: InstanceFacts | undefined = undefined;
  /** Instances tried, the first included. */
  attempts = 0;
  /** From and to the client; the PROXY header does not count. */
  bytesIn = 0;
  bytesOut = 0;
  /** Milliseconds in which all instances were full, and it waited for one. */
  waitedMs = 0;
  /** Clock.now(); 0: not reached. */
  connectedAt = 0;
  finishedAt = 0;
  /** Who ended its direction first; '' before. */
  endedBy: 'client' | 'instance' | '' = '';
  /** Why it did not end by agreement. */
  error: ExchangeError | undefined = undefined;

  constructor(session: Session, origin: StreamOrigin) {
    this.session = session;
    this.id = origin.id;
    this.way = origin.way;
    this.serverName = origin.serverName;
    this.target = origin.target;
    this.beganAt = origin.beganAt;
  }

  /** Stable, for logs and metrics: docs/streams.md has them. */
  get ending(): string {
    if (this.error !== undefined) return this.error.name;
    return this.endedBy === 'instance' ? 'backend-closed' : 'client-closed';
  }

  /** Names the one who relays; once, before anything else. */
  abstract attach(sink: StreamSink): void;
  /** Tells `idle` when nothing has moved in either direction for so long, from now on. */
  abstract watch(idleMs: number): void;
  /** Both sides are gone; closes the session. The last call. */
  abstract finish(): void;

  abstract write(bytes: Buffer, start: number, end: number, owner: BytesOwner | undefined): boolean;
  abstract end(): void;
  abstract resume(): void;
  abstract reset(): void;
  abstract cut(): boolean;
  abstract relax(): void;
  abstract hasAdvanced(): boolean;
}

export type StreamOrigin = Pick<RawStream, 'id' | 'way' | 'serverName' | 'target' | 'beganAt'>;

/** What a stream tells of its client; as StreamSideEvents. */
export interface StreamSink {
  clientData(bytes: Buffer, start: number, end: number, owner: BytesOwner | undefined): boolean;
  clientEnded(): void;
  clientWritable(): void;
  clientBroken(cause: string): void;
  clientClosed(): void;
  /** Nothing has moved for a moment: memory may be given back. */
  quiet(): void;
  /** Nothing was read for as long as `watch` was told. */
  idle(): void;
  /** It must end in this call, whatever is under way. */
  abort(error: ExchangeError): void;
}

/** The connection to an instance that carries a stream. */
export interface InstanceSink {
  instanceData(bytes: Buffer, start: number, end: number, owner: BytesOwner | undefined): boolean;
  instanceEnded(): void;
  instanceWritable(): void;
  instanceBroken(cause: string): void;
  instanceClosed(): void;
}
