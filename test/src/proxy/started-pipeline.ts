import type { RequestHeadFields } from '../../../protocols/http/message.ts';
import { buildClusters, type Cluster } from '../../../src/balance/cluster.ts';
import type { Instance } from '../../../src/balance/instance.ts';
import type { Module } from '../../../src/core/callback-points.ts';
import type { Session } from '../../../src/core/session.ts';
import { noTelemetry, type Telemetry } from '../../../src/core/telemetry.ts';
import type { ModuleWatch } from '../../../src/proxy/chains.ts';
import { ModuleTable } from '../../../src/proxy/module-table.ts';
import { Pipeline } from '../../../src/proxy/pipeline.ts';
import { Snapshot } from '../../../src/proxy/snapshot.ts';
import { buildRouteTable } from '../../../src/route/route-table.ts';
import { Pools } from '../../../src/upstream/pools.ts';
import { Probers } from '../../../src/upstream/probers.ts';
import { settingsOf } from '../../support/configuration.ts';
import { FakeConnector, type FakeStream } from '../../support/fake-connector.ts';
import { FakeFront } from '../../support/fake-front.ts';
import { plainConfig } from '../../support/front.ts';
import { RecordedExchange } from '../../support/recorded-exchange.ts';

export interface PipelineOptions {
  /** Further lines of the cluster. */
  readonly cluster?: string;
  /** False: the test accepts connections itself. */
  readonly accepts?: boolean;
  readonly telemetry?: Partial<Telemetry>;
  /** Of an embedding program. */
  readonly modules?: readonly Module[];
  /** Is told of modules in place of the test's end. */
  readonly watch?: Partial<ModuleWatch>;
  /** The same of faults of ours. */
  readonly internalError?: (error: unknown) => void;
}

/** A pipeline without sockets: a cluster of instances 9001, 9002, … whose connections take eight requests at once. */
export class StartedPipeline {
  readonly connector: FakeConnector = new FakeConnector(8);
  /** What arrived at instances, in order. */
  readonly sent: FakeStream[] = [];
  readonly pools: Pools;
  readonly front: FakeFront = new FakeFront();
  readonly #pipeline: Pipeline;
  readonly #own: OwnModules;
  #snapshot: Snapshot;
  /** How many snapshots nobody keeps any more, of those that others have replaced. */
  retired = 0;

  constructor(
    instances: number,
    {
      cluster = '',
      accepts = true,
      telemetry = {},
      internalError = unexpected,
      ...own
    }: PipelineOptions = {},
  ) {
    const { deadlines } = this.front;
    const counting = { ...noTelemetry, ...telemetry };
    this.#own = own;
    this.#snapshot = snapshotOf(instances, cluster, own);
    this.pools = new Pools(deadlines, counting, unexpected);
    const probers = new Probers(this.front.clock, deadlines, counting, unexpected);
    this.#pipeline = new Pipeline(this.#snapshot, this.pools, probers, deadlines, counting, internalError);
    this.#updatePools();
    this.connector.onOpen = (connection) => {
      connection.onSend = (stream) => this.sent.push(stream);
      if (accepts) queueMicrotask(() => connection.accept(8));
    };
  }

  get cluster(): Cluster {
    return this.#snapshot.clusters.get('web')!;
  }

  /** Ports of what was sent. */
  get ports(): number[] {
    return this.sent.map(({ port }) => port);
  }

  /** Takes another configuration, as a server does. */
  reload(instances: number, cluster = ''): void {
    this.#snapshot.retire(() => void this.retired++);
    const before = this.cluster.instances;
    this.#snapshot = snapshotOf(instances, cluster, this.#own, this.#snapshot);
    this.#pipeline.takeSnapshot(this.#snapshot);
    this.#updatePools(before);
    this.cluster.line?.roomFreed();
  }

  /** A connection was accepted, or its handshake is over: what modules say of it. */
  ask(point: 'accepted' | 'secured', session: Session): ReturnType<Pipeline['accepted']> {
    return this.#pipeline[point](session);
  }

  /** Sends a request through it. */
  async receive(head: Partial<RequestHeadFields> = {}): Promise<RecordedExchange> {
    const exchange = new RecordedExchange(head);
    this.#pipeline.received(exchange);
    await turn();
    return exchange;
  }

  /** Lets time pass, and connections be accepted. */
  async pass(ms: number): Promise<void> {
    this.front.pass(ms);
    await turn();
  }

  #updatePools(before: readonly Instance[] = []): void {
    const { instances } = this.cluster;
    this.pools.add(new Map(instances.map((instance) => [instance, { connector: this.connector }])));
    this.pools.remove(before.filter((instance) => !instances.includes(instance)));
  }
}

/** Lets connections that were asked for be accepted. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

type OwnModules = Pick<PipelineOptions, 'modules' | 'watch'>;

function snapshotOf(
  instances: number,
  cluster: string,
  { modules: own = [], watch }: OwnModules,
  previous?: Snapshot,
): Snapshot {
  const addresses = Array.from({ length: instances }, (_, i) => `127.0.0.1:${9001 + i}`);
  const settings = settingsOf(plainConfig(addresses, '', cluster));
  const clusters = buildClusters(settings.clusters, previous?.clusters);
  const routes = buildRouteTable(settings.tenants, settings.defaultTenant, clusters);
  const modules = new ModuleTable(
    { first: own, server: [], tenants: new Map(), last: [] },
    {
      answered() {},
      timed() {},
      waited() {},
      now: () => 0,
      failed: (_module, _where, error) => unexpected(error),
      ...watch,
    },
  );
  return new Snapshot(settings, routes, clusters, modules);
}

function unexpected(error: unknown): void {
  throw error;
}
