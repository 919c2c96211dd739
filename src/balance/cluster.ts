import type { ClusterFacts } from '../core/exchange.ts';
import type { ClusterSettings } from '../core/settings.ts';
import { Backoff } from './backoff.ts';
import { Breaker } from './breaker.ts';
import { createBalancer } from './create-balancer.ts';
import { Instance, type SharedHealth } from './instance.ts';
import { Outage } from './outage.ts';
import { RetryBudget } from './retry-budget.ts';
import { SlowStart } from './slow-start.ts';
import { Sticky } from './sticky.ts';
import { type SubCluster, SubClusterChoice, type SubClusterFacts, WHOLE_CLUSTER } from './sub-cluster.ts';
import { WaitingLine } from './waiting-line.ts';

/** What the instances of a cluster have in common. */
interface ClusterHealth extends SharedHealth {
  readonly outage: Outage;
}

/** Told that ejected instances of a cluster are used, because too many are out, or that they are not any more. */
export type OnPanic = (cluster: string, isPanic: boolean) => void;

/** A service of one snapshot: its settings, its instances, and the choice among them. */
export class Cluster implements ClusterFacts {
  readonly name: string;
  readonly settings: ClusterSettings;
  /** In the order of the file. */
  readonly instances: readonly Instance[];
  /** One of the name '' where the file has none. */
  readonly subClusters: readonly SubCluster[];
  /** How long its answers take is to be recorded with its instances. */
  readonly observesLatency: boolean;
  /** A choice wants to know the time; who is asked for none is spared the clock. */
  readonly wantsTime: boolean;
  /** Undefined: no client is kept anywhere. */
  readonly sticky: Sticky | undefined;
  readonly outage: Outage;
  /** Who waits for room; of the snapshots before, too. Undefined: nobody waits, and nobody may. */
  readonly line: WaitingLine | undefined;
  /** What may be sent again. */
  readonly budget: RetryBudget;
  /** Undefined: what is sent again is sent at once. */
  readonly backoff: Backoff | undefined;
  readonly breaker: Breaker | undefined;
  readonly #choice: SubClusterChoice;

  /**
   * `previous`: the cluster of that name in the snapshot before; what it has counted goes on counting. `shared`: what the instances
   * were given.
   */
  constructor(
    settings: ClusterSettings,
    instances: readonly Instance[],
    { slowStart, outage, line }: ClusterHealth,
    previous?: Cluster,
  ) {
    this.name = settings.name;
    this.settings = settings;
    this.instances = instances;
    this.outage = outage;
    this.line = line;
    this.observesLatency = settings.balance === 'peak-ewma';
    this.wantsTime = this.observesLatency || slowStart !== undefined;
    this.subClusters =
      settings.subClusters === undefined
        ? [buildSubCluster(settings, WHOLE_CLUSTER, instances, slowStart)]
        : settings.subClusters.map((facts) =>
            buildSubCluster(
              settings,
              facts,
              facts.instances.map((i) => instances[i]!),
              slowStart,
            ),
          );
    const { retry, breaker, sticky } = settings;
    this.sticky = sticky && new Sticky(settings.name, sticky, this.subClusters);
    const before = previous?.settings;
    this.budget = before?.retry.budget === retry.budget ? previous!.budget : new RetryBudget(retry.budget);
    this.backoff = retry.backoffMs === undefined ? undefined : new Backoff(retry.backoffMs);
    this.breaker =
      JSON.stringify(before?.breaker) === JSON.stringify(breaker)
        ? (previous?.breaker ?? (breaker && new Breaker(breaker)))
        : breaker && new Breaker(breaker);
    this.#choice = new SubClusterChoice(this.subClusters);
  }

  /** The pool for an exchange, once for all its attempts: by its share, or by the key where the cluster goes by keys. */
  enter(key: number): SubCluster {
    return this.settings.hashOn === undefined ? this.#choice.next() : this.#choice.byKey(key);
  }

  /**
   * The instance for the next attempt of an exchange that has tried `tried` already; an ejected one only in panic. One of its own pool
   * comes first, then one of another pool; but one that was tried only when all were. When every healthy one was tried: undefined, or
   * with `allowTried` the next in turn among them, as for a first attempt (for an attempt that failed on a connection from the
   * pool that had died unnoticed, which says nothing about the instance). A blackhole has none. `key` is what a cluster with `hashOn`
   * goes by, see hash-key.ts; `now` is Clock.now().
   */
  choose(
    tried: readonly Instance[],
    allowTried = false,
    key = 0,
    now = 0,
    pool: SubCluster = this.enter(key),
  ): Instance | undefined {
    if (pool.isBlackhole) return undefined;
    const instance = this.#chooseUntried(tried, key, now, pool);
    return instance === undefined && allowTried ? this.#chooseUntried(NONE, key, now, pool) : instance;
  }

  #chooseUntried(
    tried: readonly Instance[],
    key: number,
    now: number,
    pool: SubCluster,
  ): Instance | undefined {
    return pool.balancer?.choose(tried, key, now) ?? this.#choice.elsewhere(pool, tried, key, now);
  }

  /**
   * Whole seconds, at least 1, until the first ejected instance can be back if its probes succeed from now on; undefined
   * when one is healthy or there are none. Probes come every `health.intervalMs` from the ejection on.
   */
  retryAfterSeconds(now: number): number | undefined {
    const { intervalMs } = this.settings.health;
    let earliest = Number.POSITIVE_INFINITY;
    for (const instance of this.instances) {
      if (instance.ejectedAt === undefined) return undefined;
      const sinceProbe = Math.max(0, now - instance.ejectedAt) % intervalMs;
      earliest = Math.min(earliest, instance.missingProbes * intervalMs - sinceProbe);
    }
    return earliest === Number.POSITIVE_INFINITY ? undefined : Math.max(1, Math.ceil(earliest / 1000));
  }
}

/**
 * The clusters of a snapshot. One that had the very same settings object in `previous` is the same object again, with all that it
 * knows: of ten thousand a reload changes few, and where it changes none, `previous` is what comes back. Of another, an instance whose
 * cluster name and address were in `previous` is the same object, with the new weight and thresholds, so its health, its load and the
 * exchanges that hold it are not forgotten; the order of turns begins anew. Call it only for a snapshot that will be taken: instances
 * still in use change weight by it. `now`: Clock.now(), when instances that are new in a cluster that was there begin to take requests.
 */
export function buildClusters(
  settings: readonly ClusterSettings[],
  previous?: ReadonlyMap<string, Cluster>,
  now = 0,
  onPanic: OnPanic = () => {},
): ReadonlyMap<string, Cluster> {
  if (previous !== undefined && areUnchanged(settings, previous)) return previous;
  return new Map(
    settings.map((cluster) => {
      const before = previous?.get(cluster.name);
      return [
        cluster.name,
        before?.settings === cluster ? before : buildCluster(cluster, before, now, onPanic),
      ];
    }),
  );
}

/** What `buildClusters` would take over as it is; given in place of all of `previous`, no instance that is in use is touched. */
export function unchangedClusters(
  settings: readonly ClusterSettings[],
  previous: ReadonlyMap<string, Cluster>,
): ReadonlyMap<string, Cluster> {
  if (areUnchanged(settings, previous)) return previous;
  const unchanged = new Map<string, Cluster>();
  for (const cluster of settings) {
    const before = previous.get(cluster.name);
    if (before?.settings === cluster) unchanged.set(cluster.name, before);
  }
  return unchanged;
}

/** All of them, and in the same order. */
function areUnchanged(settings: readonly ClusterSettings[], previous: ReadonlyMap<string, Cluster>): boolean {
  let position = 0;
  for (const cluster of previous.values()) if (cluster.settings !== settings[position++]) return false;
  return position === settings.length;
}

const NONE: readonly Instance[] = Object.freeze([]);

function buildSubCluster(
  { balance }: ClusterSettings,
  { name, weight, isBlackhole }: SubClusterFacts,
  instances: readonly Instance[],
  slowStart: SlowStart | undefined,
): SubCluster {
  const balancer =
    instances.length === 0 ? undefined : createBalancer(balance, instances, Math.random, slowStart);
  return { name, weight, isBlackhole, balancer, instances };
}

function buildCluster(
  settings: ClusterSettings,
  previous: Cluster | undefined,
  now: number,
  onPanic: OnPanic,
): Cluster {
  const known = new Map(previous?.instances.map((instance) => [instance.address.text, instance]));
  const shared = sharedHealth(settings, known, previous, onPanic);
  const pools = new Map<number, string>();
  for (const { name, instances } of settings.subClusters ?? [])
    for (const position of instances) pools.set(position, name);
  const instances = settings.instances.map((instanceSettings, index) => {
    const pool = pools.get(index) ?? '';
    const instance = known.get(instanceSettings.text);
    if (instance === undefined) {
      const added = new Instance(settings.name, instanceSettings, index, settings.health, pool, shared);
      if (previous !== undefined) added.begin(now);
      return added;
    }
    // An address that is listed twice must not become one object in two places.
    known.delete(instanceSettings.text);
    instance.applySettings(instanceSettings, index, settings.health, pool, shared);
    return instance;
  });
  return new Cluster(settings, instances, shared, previous);
}

function sharedHealth(
  { name, health, instances, slowStartMs, maxRequests, queue }: ClusterSettings,
  known: ReadonlyMap<string, Instance>,
  previous: Cluster | undefined,
  onPanic: OnPanic,
): ClusterHealth {
  const kept = instances.map(({ text }) => known.get(text)).filter((instance) => instance !== undefined);
  const ejected = {
    all: kept.filter(({ isHealthy }) => !isHealthy).length,
    byRequests: kept.filter(({ isEjectedByRequests }) => isEjectedByRequests).length,
  };
  const wasPanic = previous?.outage.isPanic === true;
  // Who waits goes on waiting, whatever becomes of the cluster; but nobody is added where there is no queue any more.
  const older = previous?.line?.length ? previous.line : undefined;
  const line =
    queue === undefined && older === undefined ? undefined : new WaitingLine(queue?.max ?? 0, older);
  return {
    maxRequests,
    line,
    slowStart: slowStartMs === undefined ? undefined : new SlowStart(slowStartMs),
    outage: new Outage(health, instances.length, ejected, wasPanic, (isPanic) => {
      onPanic(name, isPanic);
      if (isPanic) line?.roomFreed();
    }),
  };
}
