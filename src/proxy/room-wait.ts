import type { Cluster } from '../balance/cluster.ts';
import type { Instance } from '../balance/instance.ts';
import type { SubCluster } from '../balance/sub-cluster.ts';
import type { RoomSeeker, WaitingPlace } from '../balance/waiting-line.ts';
import { type ExchangeError, exchangeError } from '../core/errors.ts';
import type { InstanceFacts } from '../core/exchange.ts';
import type { QueueOutcome } from '../core/telemetry.ts';
import { Deadline, type Expiring } from '../transport/deadlines.ts';
import type { Pipeline } from './pipeline.ts';

/** What waits: an exchange or a stream on its way, with nothing under way at any instance. */
export interface Waiting {
  /** An instance for it, or undefined as long as there is none. */
  chooseAgain(): Instance | undefined;
  roomFound(instance: Instance): void;
  /** Too long, or by a fault of ours. */
  waitedInVain(error: ExchangeError): void;
}

/** Of what waits. */
interface WaitFacts {
  /** Absent: it was at no instance yet. */
  readonly instance: InstanceFacts | undefined;
  /** Is told the time. */
  waitedMs: number;
}

/**
 * One exchange or stream in the line of its cluster, whose instances are all full: until one has room, or the cluster's patience is
 * over, or `leave`.
 */
export class RoomWait implements RoomSeeker, Expiring {
  readonly #pipeline: Pipeline;
  readonly #cluster: Cluster;
  readonly #waiting: Waiting;
  readonly #facts: WaitFacts;
  readonly #since: number;
  readonly #deadline: Deadline;
  #place: WaitingPlace | undefined;

  /** Stands at the end of the line, or before all that were never sent when it was. */
  constructor(pipeline: Pipeline, cluster: Cluster, waiting: Waiting, facts: WaitFacts) {
    this.#pipeline = pipeline;
    this.#cluster = cluster;
    this.#waiting = waiting;
    this.#facts = facts;
    this.#since = pipeline.clock.now();
    this.#deadline = new Deadline(pipeline.deadlines, this);
    this.#place = cluster.line!.join(this, facts.instance !== undefined);
    if (this.#place !== undefined) this.#deadline.set(this.#since + cluster.settings.queue!.timeoutMs);
    else pipeline.telemetry.queued(cluster, 'full');
  }

  /** False: as many wait as may, and it is not one of them. */
  get isInLine(): boolean {
    return this.#place !== undefined;
  }

  takeRoom(): boolean {
    if (this.#place === undefined) return true;
    try {
      const instance = this.#waiting.chooseAgain();
      if (instance === undefined) return false;
      this.#end('served');
      this.#waiting.roomFound(instance);
    } catch (error) {
      // It costs this one, and neither those behind it nor who has made room.
      this.#pipeline.internalError(error);
      this.#end('left');
      this.#waiting.waitedInVain(exchangeError('internal-error', 'a fault in Portico'));
    }
    return true;
  }

  expire(): void {
    this.#end('timeout');
    this.#waiting.waitedInVain(whyNotInTime(this.#cluster));
  }

  /** Nobody wants it any more. */
  leave(): void {
    this.#end('left');
  }

  #end(outcome: QueueOutcome): void {
    if (this.#place === undefined) return;
    this.#place.leave();
    this.#place = undefined;
    this.#deadline.cancel();
    this.#facts.waitedMs += this.#pipeline.clock.now() - this.#since;
    this.#pipeline.telemetry.queued(this.#cluster, outcome);
  }
}

/**
 * Stands in line for one that has tried these instances of a cluster. Undefined: nobody waits there, the line is full, or it would not
 * help, because those that it has not tried are not full but out of service.
 */
export function waitForRoom(
  pipeline: Pipeline,
  cluster: Cluster,
  pool: SubCluster,
  tried: readonly Instance[],
  waiting: Waiting,
  facts: WaitFacts,
): RoomWait | undefined {
  if (cluster.settings.queue === undefined || pool.isBlackhole) return undefined;
  if (!cluster.instances.some((instance) => instance.isUsable && !tried.includes(instance))) return undefined;
  const wait = new RoomWait(pipeline, cluster, waiting, facts);
  return wait.isInLine ? wait : undefined;
}

/** Why a cluster has nobody to go to. */
export function noInstance({ name, instances, settings }: Cluster, pool: SubCluster): ExchangeError {
  if (pool.isBlackhole)
    return exchangeError('load-shed', `the share of sub-cluster ${pool.name} of cluster ${name} is refused`);
  if (!instances.some(({ isUsable }) => isUsable)) return noneIsHealthy(name);
  const full = `every healthy instance of cluster ${name} has maxRequests under way`;
  return exchangeError(
    'instances-full',
    settings.queue === undefined ? full : `${full}, and ${settings.queue.max} wait for them already`,
  );
}

/** Who was healthy at the begin may be out by now. */
function whyNotInTime({ name, instances, settings }: Cluster): ExchangeError {
  if (!instances.some(({ isUsable }) => isUsable)) return noneIsHealthy(name);
  const { timeoutMs } = settings.queue!;
  return exchangeError(
    'instances-full',
    `no instance of cluster ${name} had less than maxRequests under way within ${timeoutMs} ms`,
  );
}

function noneIsHealthy(name: string): ExchangeError {
  return exchangeError('no-healthy-instance', `no healthy instance in cluster ${name}`);
}
