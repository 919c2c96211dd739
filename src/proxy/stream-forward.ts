import { Buffer } from 'node:buffer';
import { type BytesOwner, UNSHARED } from '../../protocols/http/output.ts';
import { encodeProxyHeader } from '../../protocols/proxy-protocol/writer.ts';
import type { Cluster } from '../balance/cluster.ts';
import type { Instance } from '../balance/instance.ts';
import type { SubCluster } from '../balance/sub-cluster.ts';
import type { Answer, ForwardedStream } from '../core/callback-points.ts';
import { type ErrorName, type ExchangeError, exchangeError } from '../core/errors.ts';
import { murmur3 } from '../core/murmur3.ts';
import type { ProxyProtocolVersion } from '../core/settings.ts';
import type { RawStream, StreamSide, StreamSink } from '../core/stream.ts';
import { SMALL_READ } from '../transport/read-buffer.ts';
import type { Opening } from '../upstream/connector.ts';
import type { StreamWaiter } from '../upstream/stream-dial.ts';
import { ChainWait, type ChainWaiter, MODULE_FAILED } from './chain-wait.ts';
import type { PendingAnswer } from './chains.ts';
import { recordFailedAttempt } from './failed-attempt.ts';
import type { Pipeline } from './pipeline.ts';
import { noInstance, type RoomWait, type Waiting, waitForRoom } from './room-wait.ts';
import type { Snapshot } from './snapshot.ts';

/**
 * One stream on its way: chooses an instance, connects, and relays until both sides are gone.
 *
 *   choose ─► [forwardStream] ─► connect ─► relay ─► both ended, or one broke ─► finished
 *     ▲                             │
 *     └─────────────────────────────┘
 *
 * An end goes through as an end, and the other direction runs on; what breaks goes through as a reset. Nothing is made to look
 * complete that is not.
 */
export class StreamForward implements StreamSink, StreamWaiter, Waiting, ChainWaiter {
  readonly #pipeline: Pipeline;
  readonly #stream: RawStream;
  readonly #snapshot: Snapshot;
  #cluster: Cluster | undefined = undefined;
  #proxyProtocol: ProxyProtocolVersion | undefined = undefined;
  #tried: readonly Instance[] = NONE;
  #subCluster: SubCluster | undefined = undefined;
  #instance: Instance | undefined = undefined;
  #attemptedAt = 0;
  #opening: Opening | undefined = undefined;
  /** All instances are full, or a module thinks about the one that was chosen. */
  #wait: RoomWait | ChainWait | undefined = undefined;
  /** Why the attempt failed that the next one is to follow. */
  #before: ExchangeError | undefined = undefined;
  /** The instance's side: from its connection to its end. */
  #backend: StreamSide | undefined = undefined;
  /** What the client has sent while there was no instance. */
  #held: Buffer[] = [];
  #heldBytes = 0;
  #clientEnded = false;
  #clientIsOpen = true;
  #over = false;

  constructor(pipeline: Pipeline, stream: RawStream, snapshot: Snapshot) {
    this.#pipeline = pipeline;
    this.#stream = stream;
    this.#snapshot = snapshot;
  }

  begin(): void {
    const stream = this.#stream;
    stream.attach(this);
    const location = this.#snapshot.locateStream(stream);
    stream.tenant = location.tenant;
    if (location.error !== undefined) {
      this.abort(location.error);
      return;
    }
    stream.cluster = location.cluster;
    this.#cluster = location.cluster;
    this.#proxyProtocol = location.proxyProtocol;
    this.#attempt();
  }

  // The client's side.

  clientData(bytes: Buffer, start: number, end: number, owner: BytesOwner | undefined): boolean {
    const backend = this.#backend;
    if (backend !== undefined) return backend.write(bytes, start, end, owner);
    if (this.#over) return true;
    this.#held.push(Buffer.from(bytes.subarray(start, end)));
    this.#heldBytes += end - start;
    return this.#heldBytes < MAX_HELD_BYTES && this.#held.length < MAX_HELD_READS;
  }

  clientEnded(): void {
    if (this.#stream.endedBy === '') this.#stream.endedBy = 'client';
    this.#clientEnded = true;
    this.#backend?.end();
  }

  clientWritable(): void {
    this.#backend?.resume();
  }

  clientBroken(cause: string): void {
    this.#clientIsOpen = false;
    this.#break('client-reset', `the client's connection: ${cause}`);
  }

  clientClosed(): void {
    this.#clientIsOpen = false;
    this.#finishIfOver();
  }

  quiet(): void {
    this.#stream.relax();
    this.#backend?.relax();
  }

  idle(): void {
    const clientAdvances = this.#stream.hasAdvanced();
    const backendAdvances = this.#backend?.hasAdvanced() ?? false;
    const { idleMs } = this.#cluster!.settings.timeouts;
    if (clientAdvances || backendAdvances) this.#stream.watch(idleMs);
    else this.abort(exchangeError('idle-timeout', `nothing moved within ${idleMs} ms`));
  }

  abort(error: ExchangeError): void {
    if (this.#over) return;
    this.#stream.error ??= error;
    this.#stopConnecting();
    this.#backend?.reset();
    this.#backend = undefined;
    if (this.#clientIsOpen) this.#stream.reset();
    this.#clientIsOpen = false;
    this.#finishIfOver();
  }

  // The instance's side.

  connected(backend: StreamSide): void {
    const stream = this.#stream;
    this.#opening = undefined;
    this.#backend = backend;
    const now = this.#pipeline.clock.now();
    stream.connectedAt = now;
    this.#instance!.recordSuccess(now);
    if (this.#cluster!.observesLatency) this.#instance!.latency.record(now - this.#attemptedAt, now);
    this.#writeProxyHeader(backend);
    for (const bytes of this.#held) backend.write(bytes, 0, bytes.length, UNSHARED);
    this.#held = [];
    if (this.#clientEnded) backend.end();
    stream.watch(this.#cluster!.settings.timeouts.idleMs);
    stream.resume();
  }

  connectFailed(error: ExchangeError): void {
    this.#opening = undefined;
    const instance = this.#instance!;
    const { clock, probers } = this.#pipeline;
    recordFailedAttempt(instance, this.#cluster!, probers, this.#attemptedAt, clock.now());
    this.#leaveInstance();
    this.#tried = [...this.#tried, instance];
    const { retry } = this.#cluster!.settings;
    if (retry.on.includes('connect-failure') && this.#stream.attempts < retry.attempts) this.#attempt(error);
    else this.abort(error);
  }

  instanceData(bytes: Buffer, start: number, end: number, owner: BytesOwner | undefined): boolean {
    return this.#stream.write(bytes, start, end, owner);
  }

  instanceEnded(): void {
    if (this.#stream.endedBy === '') this.#stream.endedBy = 'instance';
    this.#stream.end();
  }

  instanceWritable(): void {
    this.#stream.resume();
  }

  instanceBroken(cause: string): void {
    this.#backend = undefined;
    this.#break('backend-reset', `the instance's connection: ${cause}`);
  }

  instanceClosed(): void {
    this.#backend = undefined;
    this.#finishIfOver();
  }

  /** `before`: why the previous attempt failed. */
  #attempt(before?: ExchangeError, instance: Instance | undefined = this.chooseAgain()): void {
    const stream = this.#stream;
    const cluster = this.#cluster!;
    if (instance === undefined) {
      const pool = this.#subCluster!;
      this.#before = before;
      this.#wait = waitForRoom(this.#pipeline, cluster, pool, this.#tried, this, stream);
      if (this.#wait === undefined) this.abort(before ?? noInstance(cluster, pool));
      return;
    }
    this.#instance = instance;
    instance.inFlight += 1;
    stream.instance = instance;
    stream.attempts += 1;
    const { chains } = this.#snapshot;
    if (chains.has('forwardStream')) {
      const answer = chains.ask('forwardStream', stream as ForwardedStream);
      if (answer?.kind !== 'continue') {
        this.#halt(answer);
        return;
      }
    }
    this.#connect();
  }

  #connect(): void {
    this.#opening = this.#pipeline.pools.openStream(
      this.#instance!,
      this.#stream.way === 'passthrough',
      this.#cluster!.settings.timeouts,
      this,
    );
  }

  /** A chain does not simply go on. */
  #halt(answer: Answer | PendingAnswer | undefined, failure = MODULE_FAILED): void {
    if (answer?.kind !== 'pending') {
      this.abort(answer === undefined ? failure : DENIED);
      return;
    }
    const { chains, settings } = this.#snapshot;
    const { moduleTimeoutMs } = settings;
    this.#wait = new ChainWait(this.#pipeline, this.#stream, chains, moduleTimeoutMs, answer, this);
  }

  chainOver(answer: Answer | undefined, failure: ExchangeError): void {
    this.#wait = undefined;
    if (answer?.kind !== 'continue') {
      this.#halt(answer, failure);
      return;
    }
    // What was waited for until now was no affair of the instance.
    this.#attemptedAt = this.#pipeline.clock.now();
    this.#connect();
  }

  chainCrashed(fault: ExchangeError): void {
    this.abort(fault);
  }

  chooseAgain(): Instance | undefined {
    const cluster = this.#cluster!;
    const now = this.#pipeline.clock.now();
    this.#attemptedAt = now;
    // A stream has an address and nothing else that could be hashed.
    const key = cluster.settings.hashOn === undefined ? 0 : murmur3(this.#stream.session.remoteAddress);
    this.#subCluster ??= cluster.enter(key);
    return cluster.choose(this.#tried, false, key, now, this.#subCluster);
  }

  roomFound(instance: Instance): void {
    this.#wait = undefined;
    this.#attempt(this.#before, instance);
  }

  waitedInVain(error: ExchangeError): void {
    this.#wait = undefined;
    this.abort(this.#before ?? error);
  }

  #writeProxyHeader(backend: StreamSide): void {
    if (this.#proxyProtocol === undefined) return;
    const { remoteAddress, remotePort, localAddress, localPort } = this.#stream.session;
    const header = encodeProxyHeader(
      this.#proxyProtocol,
      { address: remoteAddress, port: remotePort },
      { address: localAddress, port: localPort },
    );
    backend.write(header, 0, header.length, UNSHARED);
  }

  /** One side is gone before its time. */
  #break(name: ErrorName, detail: string): void {
    if (this.#over) return;
    this.#stream.error ??= exchangeError(name, detail);
    this.#stopConnecting();
    if (this.#backend?.cut() === true) this.#backend = undefined;
    if (this.#clientIsOpen && this.#stream.cut()) this.#clientIsOpen = false;
    this.#finishIfOver();
  }

  #stopConnecting(): void {
    this.#opening?.cancel();
    this.#opening = undefined;
    this.#wait?.leave();
    this.#wait = undefined;
    this.#held = [];
  }

  #leaveInstance(): void {
    const instance = this.#instance;
    this.#instance = undefined;
    instance?.leave();
  }

  #finishIfOver(): void {
    if (this.#over || this.#clientIsOpen || this.#backend !== undefined) return;
    this.#over = true;
    this.#leaveInstance();
    this.#pipeline.finishStream(this.#stream, this.#snapshot);
  }
}

/**
 * What is read of a client that has no instance yet: the beginning of most protocols, behind which clients wait. Who is not read on does not
 * show that it is gone. The surplus is less than one small read: it would take a full one to be given a larger buffer.
 */
const MAX_HELD_BYTES = SMALL_READ.length;
/** Each is kept as it came. */
const MAX_HELD_READS = 64;

const NONE: readonly Instance[] = Object.freeze([]);
const DENIED = exchangeError('denied-by-module', 'refused by policy');
