import { randomBytes } from 'node:crypto';
import type { Server as NetServer } from 'node:net';
import { buildClusters, unchangedClusters } from './balance/cluster.ts';
import type { Instance } from './balance/instance.ts';
import { ConfiguredModules } from './configured-modules.ts';
import type { AcmeChallenge } from './core/acme-challenge.ts';
import type { Module } from './core/callback-points.ts';
import type { Clock } from './core/clock.ts';
import type { Logger } from './core/logger.ts';
import type { ProbeResult } from './core/probe-result.ts';
import { RequestIds } from './core/request-ids.ts';
import type { BoundListener, ClusterTrouble, Server, ServerStatus } from './core/server.ts';
import { ServerClosed } from './core/server-closed.ts';
import type { Session } from './core/session.ts';
import type { SessionHooks } from './core/session-hooks.ts';
import type { ListenerSettings, Settings, TenantSettings } from './core/settings.ts';
import type { Staple } from './core/staple.ts';
import type { Telemetry } from './core/telemetry.ts';
import { Drivers, type Front } from './downstream/front.ts';
import { Listeners } from './downstream/listeners.ts';
import { SessionWatch } from './downstream/session-watch.ts';
import { createHeaderRules } from './modules/header-rules/header-rules.ts';
import { SAMPLE } from './proxy/call-sample.ts';
import type { ModuleWatch } from './proxy/chains.ts';
import { checkedModule } from './proxy/checked-module.ts';
import { ModuleTable } from './proxy/module-table.ts';
import { Pipeline } from './proxy/pipeline.ts';
import { Snapshot } from './proxy/snapshot.ts';
import { buildRouteTable, newTenants } from './route/route-table.ts';
import type { Handler } from './serve/handler.ts';
import { CertificateStore } from './tls/certificate-store.ts';
import { Staples } from './tls/staples.ts';
import { TICKET_KEY_BYTES, TicketKeys } from './tls/ticket-keys.ts';
import { TlsChallenges } from './tls/tls-challenges.ts';
import { TlsPolicy } from './tls/tls-policy.ts';
import { Deadlines } from './transport/deadlines.ts';
import { nextTurn } from './transport/next-turn.ts';
import { buildConnectors, type Connectors } from './upstream/connectors.ts';
import { Pools } from './upstream/pools.ts';
import type { ProbeSettings } from './upstream/prober.ts';
import { Probers } from './upstream/probers.ts';

/** What a server is given from outside. */
export interface ServerPorts {
  readonly logger: Logger;
  readonly telemetry: Telemetry;
  readonly clock: Clock;
  readonly accessLog?: Module | undefined;
  /** Of an embedding program; run in this order, between the header rules and the access log. */
  readonly modules?: readonly Module[] | undefined;
  /** Of an embedding program, by the names that routes call them. */
  readonly handlers?: ReadonlyMap<string, Handler> | undefined;
  /** Of an embedding program; what it asks of connections. */
  readonly hooks?: SessionHooks | undefined;
  /** Each process opens the listening sockets for itself, and the kernel spreads connections over them. */
  readonly reusePort: boolean;
  /** Those that all processes share, so that each resumes the TLS sessions of the others; random when absent. */
  readonly ticketKeys?: readonly Buffer[] | undefined;
  /** With others that share the probes of instances; absent: it sends them all by itself. */
  readonly probing?: Probing | undefined;
}

/** The probes of several processes, of which one sends them: the one that was told `probeForAll`. */
interface Probing {
  /** What was found before it began: instances that are down. */
  readonly known: readonly ProbeResult[];
  /** Of each result of a probe for all. */
  readonly tell: (result: ProbeResult) => void;
}

/** Builds a server for one process; nothing is opened before `start`. Throws when a certificate cannot be used. */
export function createServerFromSettings(settings: Settings, ports: ServerPorts): Server {
  return new FrontEnd(settings, ports);
}

/** The composition root: the rooms, wired, and their life from start to stop. */
class FrontEnd implements Server {
  readonly #ports: ServerPorts;
  readonly #pipeline: Pipeline;
  readonly #pools: Pools;
  #connectors: Connectors;
  readonly #ticketKeys: TicketKeys;
  readonly #staples = new Staples();
  readonly #front: Front;
  readonly #listeners: Listeners;
  readonly #probers: Probers;
  readonly #moduleWatch: ModuleWatch;
  #modules: ConfiguredModules;
  #state: ServerStatus['state'] = 'starting';
  #generation = 1;
  #drainMs: number;
  #stopped: Promise<readonly Session[]> | undefined = undefined;
  /** Nobody waits any longer for what is in flight. */
  readonly #drainOver = Promise.withResolvers<void>();
  /** The end of the last reload that was asked for. */
  #reloaded: Promise<unknown> = Promise.resolve();

  constructor(settings: Settings, ports: ServerPorts) {
    const { clock, telemetry, logger } = ports;
    const internalError = (error: unknown): void =>
      logger.error({ error: describe(error) }, 'a fault in Portico');
    const deadlines = new Deadlines(clock, internalError);
    const waits = new Deadlines(clock, internalError, WAIT_TICK_MS);
    this.#ports = ports;
    this.#drainMs = settings.drainMs;
    this.#ticketKeys = new TicketKeys(ports.ticketKeys ?? [randomBytes(TICKET_KEY_BYTES)]);
    this.#pools = new Pools(deadlines, telemetry, internalError);
    this.#probers = new Probers(clock, deadlines, telemetry, internalError, ports.probing?.tell);
    this.#connectors = buildConnectors(settings.clusters);
    this.#moduleWatch = {
      answered: ({ name }, where, answer) => telemetry.moduleAnswered(name, where, answer),
      failed: ({ name, place }, where, error) => {
        telemetry.moduleFailed(name, where);
        logger.error({ module: name, place, point: where, error: describe(error) }, 'a module failed');
      },
      timed: ({ name }, point, ms) => telemetry.moduleTimed(name, point, ms * SAMPLE, SAMPLE),
      waited: ({ name }, point, ms) => telemetry.moduleWaited(name, point, ms),
      now: () => clock.now(),
    };
    this.#modules = new ConfiguredModules(settings);
    const snapshot = this.#buildSnapshot(settings, undefined, this.#modules);
    if (ports.probing !== undefined) ejectKnown(snapshot, ports.probing.known, clock.now());
    this.#pools.add(this.#changedBackends(snapshot).added);
    this.#pipeline = new Pipeline(snapshot, this.#pools, this.#probers, waits, telemetry, internalError, {
      find: (name) => ports.handlers?.get(name),
      failed: (name, error) => logger.error({ handler: name, error: describe(error) }, 'a handler failed'),
    });
    this.#front = {
      handler: this.#pipeline,
      telemetry,
      clock,
      deadlines,
      ids: new RequestIds(randomBytes(6).toString('base64url')),
      internalError,
      drivers: new Drivers(),
      limits: settings.limits,
      http2: settings.http2,
      timeouts: settings.timeouts,
      tls: this.#buildTlsPolicy(settings, undefined),
      tlsChallenges: new TlsChallenges(),
      watch:
        ports.hooks &&
        new SessionWatch(ports.hooks, (hook, error) =>
          logger.error({ hook, error: describe(error) }, 'a hook failed'),
        ),
      draining: false,
    };
    this.#listeners = new Listeners(this.#front, logger, ports.reusePort);
  }

  async start(): Promise<readonly BoundListener[]> {
    const { settings } = this.#pipeline.snapshot;
    this.#assertOpen();
    await this.#listeners.open(settings.listeners);
    this.#run();
    return this.#listeners.bound;
  }

  async listen(settings: ListenerSettings): Promise<BoundListener> {
    this.#assertOpen();
    this.#assertCanSpeakTls(settings);
    const bound = await this.#listeners.add(settings);
    this.#run();
    return bound;
  }

  serve(server: NetServer, settings: Pick<ListenerSettings, 'tls' | 'proxyProtocol'>): BoundListener {
    this.#assertOpen();
    this.#assertCanSpeakTls(settings);
    const bound = this.#listeners.take(server, settings);
    this.#run();
    return bound;
  }

  /** The first listener is open. */
  #run(): void {
    if (this.#stopped !== undefined) {
      this.#listeners.closeAll();
      throw new ServerClosed();
    }
    if (this.#state !== 'starting') return;
    this.#probers.add(this.#changedBackends(this.#pipeline.snapshot).added);
    this.#state = 'running';
  }

  #assertOpen(): void {
    if (this.#stopped !== undefined) throw new ServerClosed();
  }

  #assertCanSpeakTls({ tls }: Pick<ListenerSettings, 'tls'>): void {
    if (tls && this.#front.tls === undefined)
      throw new Error('TLS needs a certificate, and the configuration has none: add it to certificates');
  }

  /** One after the other: what was asked for last is what is there at the end. */
  reload(settings: Settings): Promise<readonly BoundListener[]> {
    const reload = this.#reloaded.then(() => this.#reload(settings));
    this.#reloaded = reload.catch(() => {});
    return reload;
  }

  async #reload(settings: Settings): Promise<readonly BoundListener[]> {
    this.#assertRunning();
    const current = this.#pipeline.snapshot;
    // What can fail comes first; from then on everything is taken at once.
    const kept = unchangedClusters(settings.clusters, current.clusters);
    const untried = newTenants(settings.tenants, current.routes);
    buildRouteTable(untried, undefined, buildClusters(settings.clusters, kept));
    const connectors = buildConnectors(settings.clusters, this.#connectors);
    const tls = this.#buildTlsPolicy(settings, this.#front.tls);
    // A first TLS listener is asked for it from its first accept on.
    this.#front.tls ??= tls;
    const modules = new ConfiguredModules(settings, this.#modules);
    try {
      await this.#listeners.open(settings.listeners);
      await nextTurn();
      if (this.#state !== 'running') this.#listeners.closeAll();
      this.#assertRunning();
    } catch (error) {
      this.#dispose(modules);
      throw error;
    }
    const snapshot = this.#buildSnapshot(settings, current, modules);
    // The last one stays when there is none any more: a connection may be waiting for its ClientHello.
    this.#front.tls = tls ?? this.#front.tls;
    this.#front.limits = settings.limits;
    this.#front.http2 = settings.http2;
    this.#front.timeouts = settings.timeouts;
    this.#drainMs = settings.drainMs;
    this.#connectors = connectors;
    this.#pipeline.takeSnapshot(snapshot);
    const before = this.#modules;
    this.#modules = modules;
    current.retire(() => this.#dispose(before));
    const { added, removed } = this.#changedBackends(snapshot, current);
    this.#pools.add(added);
    this.#pools.remove(removed);
    // Instances may have more at a time now.
    for (const { line } of snapshot.clusters.values()) line?.roomFreed();
    this.#generation += 1;
    this.#listeners.closeBut(settings.listeners);
    await nextTurn();
    if (this.#state !== 'running') return this.#listeners.bound;
    this.#probers.remove(removed);
    this.#probers.add(added);
    return this.#listeners.bound;
  }

  setStaple(staple: Staple): void {
    this.#staples.set(staple);
  }

  setTicketKeys(keys: readonly Buffer[]): void {
    this.#ticketKeys.replace(keys);
    this.#front.tls?.store?.forgetOldTicketKeys();
  }

  probeForAll(): void {
    this.#probers.probeForAll();
  }

  takeProbes(results: readonly ProbeResult[]): void {
    this.#probers.take(results);
  }

  #assertRunning(): void {
    if (this.#state !== 'running') throw new Error(`cannot reload while ${this.#state}`);
  }

  answerChallenges(challenges: readonly AcmeChallenge[]): void {
    this.#pipeline.challenges.replace(challenges.filter((challenge) => challenge.kind === 'http-01'));
    this.#front.tlsChallenges.replace(challenges.filter((challenge) => challenge.kind === 'tls-alpn-01'));
  }

  stop(drainMs = this.#drainMs): Promise<readonly Session[]> {
    if (this.#stopped === undefined) this.#stopped = this.#stop(drainMs);
    // In a hurry now; but never below the feet of a driver that has called us.
    else if (drainMs === 0) this.#drainOver.resolve();
    return this.#stopped;
  }

  status(): ServerStatus {
    const { clusters } = this.#pipeline.snapshot;
    const now = this.#ports.clock.now();
    return {
      state: this.#state,
      generation: this.#generation,
      sessions: this.#front.drivers.size,
      exchanges: this.#pipeline.inFlight,
      streams: this.#pipeline.streams,
      listeners: this.#listeners.bound,
      clusters: [...clusters.values()].map((cluster) => ({
        name: cluster.name,
        panic: cluster.outage.isPanic,
        waiting: cluster.line?.length ?? 0,
        instances: cluster.instances.map((instance) => ({
          address: instance.address.text,
          weight: instance.weight,
          effectiveWeight: Math.round(instance.effectiveWeight(now) * 100) / 100,
          state: instance.state,
          inFlight: instance.inFlight,
          openConnections: this.#pools.open(instance),
        })),
      })),
    };
  }

  troubles(): ClusterTrouble[] {
    const troubles: ClusterTrouble[] = [];
    for (const { name, outage, line, instances } of this.#pipeline.snapshot.clusters.values()) {
      const waiting = line?.length ?? 0;
      if (outage.isOver && waiting === 0) continue;
      const ejected = instances.filter(({ isHealthy }) => !isHealthy).map(({ address }) => address.text);
      troubles.push({ name, panic: outage.isPanic, waiting, ejected });
    }
    return troubles;
  }

  async #stop(drainMs: number): Promise<readonly Session[]> {
    this.#state = 'draining';
    await this.#listeners.emptied();
    this.#front.draining = true;
    this.#listeners.closeAll();
    this.#probers.stop();
    this.#front.drivers.drain();
    const { promise, resolve } = this.#drainOver;
    const timer = setTimeout(resolve, drainMs);
    await Promise.race([this.#emptied(), promise]);
    clearTimeout(timer);
    const wereCut = this.#front.drivers.destroy();
    this.#pipeline.mirrors.stop();
    this.#pools.close();
    this.#dispose(this.#modules);
    this.#state = 'stopped';
    return wereCut;
  }

  /** Resolves when no connection is left, and nothing that came on one. */
  async #emptied(): Promise<void> {
    await this.#front.drivers.emptied();
    await this.#pipeline.emptied();
  }

  #dispose(modules: ConfiguredModules): void {
    try {
      modules.dispose();
    } catch (error) {
      this.#ports.logger.error({ error: describe(error) }, 'a module failed when it was disposed of');
    }
  }

  #buildSnapshot(
    settings: Settings,
    previous: Snapshot | undefined,
    configured: ConfiguredModules,
  ): Snapshot {
    const clusters = buildClusters(
      settings.clusters,
      previous?.clusters,
      this.#ports.clock.now(),
      (cluster, isPanic) => this.#tellPanic(cluster, isPanic),
    );
    const routes = buildRouteTable(settings.tenants, settings.defaultTenant, clusters, previous?.routes);
    const { accessLog, modules: own = [] } = this.#ports;
    const modules = new ModuleTable(
      {
        first: [
          createHeaderRules(settings.trustedProxies, settings.tenants.some(asksClients)),
          ...own.map((module) => checkedModule(module, module.name)),
        ],
        server: configured.server,
        tenants: configured.tenants,
        last: accessLog === undefined ? [] : [accessLog],
      },
      this.#moduleWatch,
    );
    return new Snapshot(settings, routes, clusters, modules);
  }

  #tellPanic(cluster: string, isPanic: boolean): void {
    const { logger } = this.#ports;
    if (isPanic) logger.warn({ cluster }, 'too many instances are ejected: all are used');
    else
      logger.info({ cluster }, 'enough instances are healthy: those that are ejected are not used any more');
  }

  /** It looks at the tenants of the newest snapshot. */
  #buildTlsPolicy(settings: Settings, previous: TlsPolicy | undefined): TlsPolicy | undefined {
    const { certificates } = settings;
    const isWanted = settings.listeners.some(({ tls }) => tls) || settings.tenants.some(isPassedThrough);
    if (certificates.length === 0 && !isWanted) return undefined;
    const ticketKeys = this.#ticketKeys;
    const store =
      certificates.length === 0
        ? undefined
        : new CertificateStore(certificates, {
            previous: previous?.store,
            ticketKeys,
            staples: this.#staples,
          });
    return new TlsPolicy(
      store,
      (host, end) => this.#pipeline.snapshot.routes.findTenant(host, end)?.settings.tls,
      previous,
    );
  }

  /** What is new in a snapshot, or may be spoken to or probed otherwise, and what it has no more. `previous`: the one before. */
  #changedBackends({ clusters }: Snapshot, previous?: Snapshot): ChangedBackends {
    const added = new Map<Instance, ProbeSettings>();
    const removed: Instance[] = [];
    if (clusters === previous?.clusters) return { added, removed };
    for (const cluster of clusters.values()) {
      if (previous?.clusters.get(cluster.name) === cluster) continue;
      const { health, timeouts } = cluster.settings;
      const probe = { health, timeouts, connector: this.#connectors.get(cluster.name)!.connector };
      for (const instance of cluster.instances) added.set(instance, probe);
    }
    for (const cluster of previous?.clusters.values() ?? []) {
      if (clusters.get(cluster.name) === cluster) continue;
      for (const instance of cluster.instances) if (!added.has(instance)) removed.push(instance);
    }
    return { added, removed };
  }
}

interface ChangedBackends {
  readonly added: ReadonlyMap<Instance, ProbeSettings>;
  readonly removed: readonly Instance[];
}

/** What waits between attempts waits for tenths of a second, and pauses that chance decides are not to end all at once. */
const WAIT_TICK_MS = 5;

function isPassedThrough({ tls }: TenantSettings): boolean {
  return tls.passthrough !== undefined;
}

/** Before the first request: a process that is new must not find out anew what others know. */
function ejectKnown({ clusters }: Snapshot, known: readonly ProbeResult[], now: number): void {
  const results = new Map(known.map((result) => [`${result.cluster} ${result.address}`, result]));
  for (const { name, instances } of clusters.values()) {
    for (const instance of instances) {
      const result = results.get(`${name} ${instance.address.text}`);
      if (result !== undefined) instance.recordProbe(result.ok, now, result.isDown);
    }
  }
}

function asksClients({ tls }: TenantSettings): boolean {
  return tls.clientAuth !== undefined;
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
