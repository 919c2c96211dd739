import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConfigInput, StreamTargetInput } from '../../../src/config/config-input.ts';
import { configJsonSchema, type JsonSchema } from '../../../src/config/json-schema.ts';

/** Every key, at every depth, required: what the compiler accepts here has all the keys of the type and no other. */
type Whole<T> = T extends readonly (infer E)[]
  ? readonly Whole<E>[]
  : T extends object
    ? { readonly [K in keyof T]-?: Whole<NonNullable<T[K]>> }
    : T;

const STREAM: Whole<StreamTargetInput> = { cluster: 'c', proxyProtocol: 'v2' };

const CHANGES = {
  rename: { a: 'b' },
  delete: ['c'],
  set: { d: '%{client_ip}' },
  add: { e: '1' },
};

const MODULES = [
  {
    when: 'default_t()',
    headers: { request: CHANGES, response: CHANGES },
    block: { addresses: ['10.0.0.0/8'], methods: ['POST'], paths: ['/a/*'], answer: 'close' },
    redirect: { to: '/', scheme: 'https', host: 'h', port: 1, path: '/', query: '', status: 301 },
    rewrite: {
      host: 'h',
      path: '/',
      trimPrefix: '/a',
      replace: { pattern: 'a', with: 'b' },
      addPrefix: '/b',
      query: { keep: ['a'], delete: ['b'], rename: { c: 'd' }, add: { e: 'f' } },
    },
    respond: { status: 200, headers: { 'x-a': 'b' }, body: '' },
    tag: { a: 'b' },
    use: './a.mjs',
    with: 1,
  },
] as const;

const WHOLE: Whole<ConfigInput> = {
  listen: [{ address: ':8080', tls: true, stream: STREAM, proxyProtocol: { from: ['10.0.0.0/8'] } }],
  tenants: {
    a: {
      isolate: true,
      hosts: ['a.example.org'],
      vips: ['10.1.2.3'],
      tls: {
        protocols: [{ name: 'h2', level: 'optional', rate: 10 }, 'http/1.1', 'stream'],
        profile: 'intermediate',
        minVersion: '1.2',
        maxVersion: '1.3',
        curves: ['X25519'],
        tickets: false,
        clientAuth: { mode: 'request', ca: 'clients.pem', crl: ['clients.crl'], headers: true },
        passthrough: STREAM,
      },
      stream: STREAM,
      modules: MODULES,
      expect: [
        {
          request: 'GET /',
          host: 'a.example.org',
          headers: { 'x-beta': '1' },
          body: '{}',
          client: '192.0.2.1',
          vip: '10.1.2.3',
          sni: 'a.example.org',
          at: '2026-12-24T18:00:00Z',
          cluster: 'c',
          handler: 'h',
          route: '/',
          redirect: '/',
          status: 404,
          error: 'no-route',
        },
      ],
      routes: [
        {
          path: '/',
          host: 'a.example.org',
          when: 'default_t()',
          cluster: 'c',
          split: [{ cluster: 'c', weight: 1 }],
          splitOn: { header: 'X-User' },
          handler: 'h',
          redirect: { to: '/', status: 301 },
          respond: { status: 200, headers: { 'x-a': 'b' }, body: '' },
          mirror: { cluster: 'd', percent: 10, maxBody: '64KiB' },
          modules: MODULES,
        },
      ],
    },
  },
  modules: MODULES,
  defaultTenant: 'a',
  tickets: { rotate: '12h', keys: 'tickets.key' },
  clusters: {
    c: {
      protocol: 'https',
      pipelining: { depth: 8, maxWait: '100ms' },
      tls: {
        serverName: 'c.internal',
        ca: 'ca.pem',
        cert: 'c.pem',
        key: 'c.key',
        verify: true,
        minVersion: '1.2',
        allowHttp1: true,
      },
      balance: 'maglev',
      hashOn: { header: 'X-User' },
      sticky: { cookie: 'srv', maxAge: '1h', secret: '0123456789abcdef' },
      instances: [{ address: '127.0.0.1:9001', weight: 1 }],
      subClusters: {
        east: { weight: 1, instances: [{ address: '127.0.0.1:9002', weight: 1 }], blackhole: false },
      },
      timeouts: {
        connect: '1s',
        responseHeader: '1s',
        total: '1s',
        idle: '1s',
        clientBody: '1s',
        clientWrite: '1s',
      },
      limits: { maxBody: 'none' },
      retry: { attempts: 1, on: ['connect-failure'], unsafe: true, budget: '20%', backoff: '1s' },
      hedge: { after: '1s', max: 1 },
      breaker: { failures: '50%', requests: 20, window: '10s', open: '5s', fallback: 'd' },
      slowStart: '30s',
      maxRequests: 1,
      queue: { max: 1, timeout: '1s' },
      health: {
        probe: 'http',
        path: '/',
        host: 'a.example.org',
        status: ['2xx', 304],
        service: 's',
        interval: '1s',
        timeout: '1s',
        fail: 1,
        pass: 1,
        failRate: '50%',
        requests: 20,
        window: '10s',
        failOn: ['5xx'],
        maxEjected: '50%',
        panic: '50%',
      },
    },
  },
  certificates: [
    {
      hosts: ['a.example.org'],
      vips: ['10.1.2.3'],
      cert: 'a.pem',
      key: 'a.key',
      default: true,
      ocsp: 'auto',
      acme: {
        directory: 'https://ca.internal/directory',
        email: 'ops@example.org',
        terms: 'agreed',
        challenge: 'http-01',
        storage: 'acme',
        keyType: 'ec',
        renewBefore: '24h',
        ca: 'root.pem',
      },
    },
  ],
  trustedProxies: ['::1'],
  timeouts: {
    clientHeader: '1s',
    clientIdle: '1s',
    clientBody: '1s',
    clientWrite: '1s',
    connect: '1s',
    responseHeader: '1s',
    idle: '1s',
  },
  limits: { head: 4096, line: '4KiB', headers: 1, maxBody: 1, conditionBody: 1024 },
  http2: { maxStreams: 1, streamWindow: '64KiB', connectionWindow: 65_536, glitches: 100 },
  drain: '1s',
  moduleTimeout: '1s',
  include: 'more.yaml',
  workers: 'auto',
  admin: { address: ':8421' },
  log: { level: 'info', access: { file: 'access.log' } },
};

test('the types of a configuration have the keys of its schema, and no other', () => {
  const keys = schemaKeys(configJsonSchema(), '');

  assert.ok(keys.length > 50, `only ${keys.length} keys were visited`);
  assert.deepEqual(valueKeys(WHOLE, configJsonSchema(), '').toSorted(), keys.toSorted());
});

function schemaKeys(schema: JsonSchema, place: string): string[] {
  const { properties, items, additionalProperties: named } = mapping(schema);
  const own = Object.entries(properties ?? {}).flatMap(([name, value]) => [
    `${place}.${name}`,
    ...schemaKeys(value, `${place}.${name}`),
  ]);
  const listed = items === undefined ? [] : schemaKeys(items, `${place}[]`);
  return [...own, ...listed, ...(typeof named === 'object' ? schemaKeys(named, `${place}.<name>`) : [])];
}

/** As far as the value goes; keys of mappings whose keys are names stand as `<name>`. */
function valueKeys(value: unknown, schema: JsonSchema, place: string): string[] {
  if (Array.isArray(value))
    return value.flatMap((item) => valueKeys(item, mapping(schema).items ?? {}, `${place}[]`));
  if (typeof value !== 'object' || value === null) return [];
  const { properties, additionalProperties: named } = mapping(schema);
  if (typeof named === 'object')
    return Object.values(value).flatMap((item) => valueKeys(item, named, `${place}.<name>`));
  return Object.entries(value).flatMap(([name, item]) => [
    `${place}.${name}`,
    ...valueKeys(item, properties?.[name] ?? {}, `${place}.${name}`),
  ]);
}

/** A choice between a word and a mapping has one branch that can be gone into. */
function mapping(schema: JsonSchema): JsonSchema {
  return schema.anyOf?.find((branch) => branch.properties !== undefined) ?? schema;
}
