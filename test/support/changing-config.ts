import type {
  CertificateInput,
  ClusterInput,
  ConfigInput,
  ListenInput,
  RouteInput,
  TenantInput,
} from '../../src/config/config-input.ts';

/** Whom the configuration below names. Addresses; certificates are names of files. */
export interface ChangingSite {
  /** Three that answer alike, and are well. */
  readonly well: readonly [string, string, string];
  /** Its requests fail. */
  readonly broken: string;
  /** Its probes fail. */
  readonly ill: string;
  /** Keeps its requests. */
  readonly holding: string;
  /** Well too, behind TLS; takes both versions of HTTP. */
  readonly secured: string;
  /** Takes streams. */
  readonly echo: string;
  readonly certificates: readonly [string, string];
  /** Who has issued what the secured one shows. */
  readonly authority: string;
  /** A file with a kind of module, absolute; its settings are `value`, a text. */
  readonly module: string;
  /** A file that the access log may go to. */
  readonly accessLog: string;
}

/**
 * A configuration in which every kind of object is there to be changed, and what can be changed in it: each kind is made different, or
 * as it was. Whatever is changed, `/`, `/pools/x` and `/secured` of load.example.org lead to one that is well.
 */
export class ChangingConfig {
  readonly #site: ChangingSite;
  readonly #changed = new Set<string>();

  constructor(site: ChangingSite) {
    this.#site = site;
  }

  /** Changes the kind whose turn it is; gives its name. */
  change(turn: number): string {
    const kind = KINDS[turn % KINDS.length]!;
    if (!this.#changed.delete(kind)) this.#changed.add(kind);
    return kind;
  }

  /** As at first. */
  reset(): void {
    this.#changed.clear();
  }

  get input(): ConfigInput {
    const parts = partsOf(this.#site);
    for (const kind of KINDS) if (this.#changed.has(kind)) CHANGES[kind]!(parts, this.#site);
    return parts.config;
  }

  /** JSON, which is YAML. */
  get text(): string {
    return JSON.stringify(this.input, undefined, 1);
  }
}

/** The parts that changes are made in; the configuration is made of them. */
interface Parts {
  readonly config: Open<ConfigInput>;
  readonly listen: Open<ListenInput>[];
  readonly certificate: Open<CertificateInput>;
  readonly tenants: Record<string, Open<TenantInput>>;
  /** The tenant under load. */
  readonly all: Open<TenantInput>;
  readonly routes: Open<RouteInput>[];
  readonly clusters: Record<string, Open<ClusterInput>>;
}

function partsOf(site: ChangingSite): Parts {
  const {
    well: [a, b],
    certificates: [name],
  } = site;
  const probed = { path: '/healthz', interval: '100ms', fail: 2 };
  const listen: Open<ListenInput>[] = [
    { address: '127.0.0.1:0' },
    { address: '127.0.0.3:0', tls: true },
    { address: '127.0.0.4:0', stream: 'echo' },
  ];
  const certificate = { hosts: ['*.example.org'], cert: `${name}.pem`, key: `${name}.key`, default: true };
  const routes: Open<RouteInput>[] = [
    { path: '/held', cluster: 'held' },
    { path: '/sick', cluster: 'sick' },
    { path: '/ill', cluster: 'ill' },
    { path: '/pools/*', cluster: 'pools' },
    { path: '/secured', cluster: 'secured' },
    { cluster: 'web' },
  ];
  const all: Open<TenantInput> = { hosts: ['*.example.org'], routes };
  const tenants: Parts['tenants'] = { all };
  const clusters: Parts['clusters'] = {
    web: { instances: [{ address: a }, { address: b }], health: { ...probed } },
    pools: {
      subClusters: {
        east: { weight: 70, instances: [{ address: a }] },
        west: { weight: 30, instances: [{ address: b }] },
      },
      health: { ...probed },
    },
    secured: {
      protocol: 'https',
      tls: { ca: site.authority, serverName: 'localhost' },
      instances: [{ address: site.secured }],
    },
    // None comes back by itself: nobody asks.
    sick: { instances: [{ address: site.broken }], health: { interval: '1h', fail: 1 } },
    ill: { instances: [{ address: site.ill }], health: { ...probed } },
    held: { instances: [{ address: site.holding }], health: { interval: '1h' } },
    echo: { instances: [{ address: site.echo }] },
  };
  const config: Open<ConfigInput> = {
    workers: 2,
    drain: '2s',
    listen,
    admin: { address: '127.0.0.1:0' },
    log: { level: 'info', access: 'off' },
    certificates: [certificate],
    tenants,
    clusters,
  };
  return { config, listen, certificate, tenants, all, routes, clusters };
}

const CHANGES: Readonly<Record<string, (parts: Parts, site: ChangingSite) => void>> = {
  'a listener': ({ listen }) => listen.push({ address: '127.0.0.2:0' }),
  'a tenant': ({ tenants }) => {
    tenants['more'] = { hosts: ['more.example.com'], routes: [{ cluster: 'web' }] };
  },
  'the name of the tenant': ({ tenants, all }) => {
    delete tenants['all'];
    tenants['renamed'] = all;
  },
  'a host': ({ all }) => all.hosts.push('load.example.org'),
  'a route': ({ routes }) => routes.unshift({ path: '/', cluster: 'pools' }),
  'a condition': ({ routes }) =>
    routes.unshift({ when: 'req_method_in("GET") && req_path_in("/", false)', cluster: 'pools' }),
  'a cluster': ({ clusters, routes }, { well }) => {
    clusters['new'] = { instances: [{ address: well[2] }] };
    routes.unshift({ path: '/pools/x', cluster: 'new' });
  },
  'an instance': ({ clusters }, { well }) => clusters['web']!.instances!.push({ address: well[2] }),
  'an instance that goes': ({ clusters }) => clusters['web']!.instances!.shift(),
  'a weight': ({ clusters }) => {
    for (const instance of clusters['web']!.instances!) instance.weight = 7;
  },
  'the weights of sub-clusters': ({ clusters }) => {
    const { east, west } = clusters['pools']!.subClusters!;
    east!.weight = 0;
    west!.weight = 100;
  },
  'a sub-cluster': ({ clusters }, { well }) => {
    clusters['pools']!.subClusters!['north'] = { weight: 50, instances: [{ address: well[2] }] };
  },
  'a certificate': ({ certificate }, { certificates: [, other] }) => {
    Object.assign(certificate, { cert: `${other}.pem`, key: `${other}.key` });
  },
  'a TLS profile': ({ all }) => {
    all.tls = { profile: 'modern', protocols: ['http/1.1', 'h2'] };
  },
  'session tickets': ({ all }) => {
    all.tls = { ...all.tls, tickets: false };
  },
  'a module': ({ config }) => {
    config.modules = [{ tag: { release: 'next' } }];
  },
  'the settings of a module': ({ all }) => {
    all.modules = [
      { headers: { request: { set: { 'x-generation': 'new' } }, response: { set: { 'x-new': '1' } } } },
    ];
  },
  'a module of a file': ({ all }, { module }) => {
    all.modules = [...(all.modules ?? []), { use: module, with: { value: 'one' } }];
  },
  'the settings of a module of a file': ({ config }, { module }) => {
    const next = { use: module, with: { value: 'two' } };
    config.modules = [...(config.modules ?? []), next];
  },
  'a rewrite': ({ routes }) => {
    for (const route of routes) route.modules = [{ rewrite: { addPrefix: '/v2' } }];
  },
  limits: ({ config }) => {
    config.limits = { head: '32KiB', line: '8KiB', headers: 100, maxBody: '1MiB' };
  },
  'the limits of HTTP/2': ({ config }) => {
    config.http2 = { maxStreams: 50, streamWindow: '128KiB', connectionWindow: '1MiB' };
  },
  timeouts: ({ config, clusters }) => {
    config.timeouts = { clientHeader: '20s', clientIdle: '90s', clientBody: '20s', clientWrite: '20s' };
    for (const cluster of Object.values(clusters))
      cluster.timeouts = { connect: '3s', responseHeader: '50s', idle: '50s' };
  },
  'health settings': ({ clusters }) => {
    for (const { health } of Object.values(clusters))
      Object.assign(health ?? {}, { fail: 3, pass: 2, failRate: '90%', failOn: [503], maxEjected: '100%' });
  },
  'the interval of probes': ({ clusters }) => {
    for (const { health } of Object.values(clusters))
      if (health?.path !== undefined) health.interval = '150ms';
  },
  'what probes ask': ({ clusters }) => {
    for (const { health } of Object.values(clusters))
      if (health?.path !== undefined) health.path = '/healthz?2';
  },
  'a breaker': ({ clusters }) => {
    for (const cluster of Object.values(clusters)) cluster.breaker = { failures: '90%', requests: 1000 };
  },
  'the balance': ({ clusters }) => {
    for (const cluster of Object.values(clusters)) cluster.balance = 'least-connections';
  },
  'a balance by keys': ({ clusters }) => {
    clusters['web']!.balance = 'maglev';
    clusters['web']!.hashOn = 'address';
  },
  'slow start': ({ clusters }) => {
    // By keys there is none.
    for (const cluster of Object.values(clusters)) if (cluster.hashOn === undefined) cluster.slowStart = '5s';
  },
  'a bound on requests': ({ clusters }) => {
    for (const cluster of Object.values(clusters)) cluster.maxRequests = 500;
  },
  retries: ({ clusters }) => {
    for (const cluster of Object.values(clusters)) cluster.retry = { attempts: 3, budget: '50%' };
  },
  'the protocol of a cluster': ({ clusters }) => {
    clusters['secured']!.protocol = 'h2';
  },
  'the TLS of a cluster': ({ clusters }) => {
    clusters['secured']!.tls!.minVersion = '1.3';
  },
  expectations: ({ all }) => {
    all.expect = [{ request: 'GET /secured', host: 'load.example.org', cluster: 'secured' }];
  },
  pipelining: ({ clusters }) => {
    for (const name of ['web', 'pools']) clusters[name]!.pipelining = 4;
  },
  'the log level': ({ config }) => {
    config.log = { ...config.log, level: 'error' };
  },
  'the access log': ({ config }, { accessLog }) => {
    config.log = { ...config.log, access: { file: accessLog } };
  },
  vips: ({ tenants }) => {
    tenants['byAddress'] = { hosts: ['vip.example.com'], vips: ['127.0.0.77'], routes: [{ cluster: 'web' }] };
  },
  'the default tenant': ({ config, tenants }) => {
    config.defaultTenant = Object.keys(tenants)[0]!;
  },
  'trusted proxies': ({ config }) => {
    config.trustedProxies = ['127.0.0.0/8'];
  },
  'the rotation of ticket keys': ({ config }) => {
    config.tickets = { rotate: '30m' };
  },
  'a listener of streams that goes': ({ listen }) => {
    listen.splice(
      listen.findIndex(({ stream }) => stream !== undefined),
      1,
    );
  },
  drain: ({ config }) => {
    config.drain = '3s';
  },
};

const KINDS: readonly string[] = Object.keys(CHANGES);

/** That it may be written to. */
type Open<T> = T extends readonly (infer Item)[]
  ? Open<Item>[]
  : T extends object
    ? { -readonly [Key in keyof T]: Open<T[Key]> }
    : T;
