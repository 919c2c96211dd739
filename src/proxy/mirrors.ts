import type { Cluster } from '../balance/cluster.ts';
import type { Clock } from '../core/clock.ts';
import type { Exchange } from '../core/exchange.ts';
import { timeoutsFor } from '../core/response-timeout.ts';
import type { Telemetry } from '../core/telemetry.ts';
import type { ForwardRequest } from '../core/upstream.ts';
import type { RouteMirror } from '../route/route-mirror.ts';
import type { Pools } from '../upstream/pools.ts';
import type { Probers } from '../upstream/probers.ts';
import { hashKey } from './hash-key.ts';
import { MirrorCopy, type MirrorOwner } from './mirror-copy.ts';
import { mirroredRequest } from './mirrored-request.ts';

/**
 * The copies of requests that second clusters get from this process, and their bounds: what is over them is not copied. Nothing that
 * becomes of a copy reaches the exchange that it was made of, and it is sent when the turn of the loop is over that brought the end of
 * the request.
 */
export class Mirrors implements MirrorOwner {
  readonly pools: Pools;
  readonly probers: Probers;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly #internalError: (error: unknown) => void;
  /** Complete, and not over. */
  readonly #copies: Set<MirrorCopy> = new Set();
  /** Those of them that go at the end of the turn. */
  #ready: MirrorCopy[] = [];
  readonly #sendReady = (): void => this.#send();
  #heldBytes = 0;

  constructor(
    pools: Pools,
    probers: Probers,
    clock: Clock,
    telemetry: Telemetry,
    internalError: (error: unknown) => void,
  ) {
    this.pools = pools;
    this.probers = probers;
    this.clock = clock;
    this.telemetry = telemetry;
    this.#internalError = internalError;
  }

  /** Copies whose request is complete, and that are not over. */
  get inFlight(): number {
    return this.#copies.size;
  }

  /** Memory of all bodies, those of incomplete requests included. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /**
   * A request goes to the first instance that was chosen for it. Gives the copy that is to be told of its body; undefined: there is
   * none, or nothing to tell. Tunnels are not copied.
   */
  begin(mirror: RouteMirror<Cluster>, request: ForwardRequest, exchange: Exchange): MirrorCopy | undefined {
    if (request.upgrade !== '' || !mirror.takesNext()) return undefined;
    const { cluster, settings } = mirror;
    const { hashOn, timeouts, maxBodyBytes = settings.maxBodyBytes } = cluster.settings;
    const copy = new MirrorCopy(this, cluster, {
      request: mirroredRequest(request, exchange.cluster!.name),
      id: exchange.id,
      key: hashOn === undefined ? 0 : hashKey(hashOn, exchange),
      timeouts: timeoutsFor(exchange.head, timeouts),
      maxBodyBytes: Math.min(settings.maxBodyBytes, maxBodyBytes),
    });
    if (request.bodyLength !== 0) return copy;
    copy.bodyEnd([]);
    return undefined;
  }

  /** The server has stopped: nobody waits for what is still under way. */
  stop(): void {
    for (const copy of this.#copies) copy.abandon();
  }

  reserve(bytes: number): boolean {
    if (this.#heldBytes + bytes > MAX_HELD_BYTES) return false;
    this.#heldBytes += bytes;
    return true;
  }

  release(bytes: number): void {
    this.#heldBytes -= bytes;
  }

  complete(copy: MirrorCopy): boolean {
    if (this.#copies.size >= MAX_COPIES) return false;
    this.#copies.add(copy);
    if (this.#ready.push(copy) === 1) setImmediate(this.#sendReady);
    return true;
  }

  over(copy: MirrorCopy): void {
    this.#copies.delete(copy);
  }

  #send(): void {
    const ready = this.#ready;
    this.#ready = [];
    for (const copy of ready) {
      try {
        copy.send();
      } catch (error) {
        this.#internalError(error);
        copy.abandon();
      }
    }
  }
}

/** Each may have a connection of its own, and large answers a read buffer of 256 KiB. */
export const MAX_COPIES = 256;
/** Of bodies, in all. */
export const MAX_HELD_BYTES = 32 * 1024 * 1024;
