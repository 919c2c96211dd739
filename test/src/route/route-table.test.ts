import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RouteSettings, TargetSettings, TenantSettings } from '../../../src/core/settings.ts';
import { buildRouteTable } from '../../../src/route/route-table.ts';
import type { Target } from '../../../src/route/target.ts';

const TLS = { protocols: ['http/1.1'], minVersion: '1.2', maxVersion: '1.3' } as const;
const CLUSTERS = new Map(['web', 'api', 'beta'].map((name) => [name, { name }]));

function tenant(
  name: string,
  hosts: string[],
  routes: RouteSettings[] = [to('web')],
  vips: string[] = [],
): TenantSettings {
  return { name, hosts, vips, tls: TLS, routes };
}

function to(cluster: string, path?: string, host?: string): RouteSettings {
  return { host, path, target: { kind: 'cluster', cluster } };
}

function targetOf(settings: TargetSettings): Target<{ name: string }> {
  const routes = [{ host: undefined, path: undefined, target: settings }];
  const table = buildRouteTable([tenant('t', ['t.example'], routes)], undefined, CLUSTERS);
  return table.findTenant('t.example')!.findRoute('t.example', '/')!.target;
}

test('finds the tenant by exact host, then wildcard, then takes the default', () => {
  const table = buildRouteTable(
    [
      tenant('shop', ['shop.example', '*.shop.example']),
      tenant('eu', ['eu.shop.example']),
      tenant('rest', []),
    ],
    'rest',
    CLUSTERS,
  );

  assert.deepEqual(
    ['shop.example', 'a.shop.example', 'eu.shop.example', 'other.example', ''].map((host) => {
      const match = table.matchTenant(host)!;
      assert.equal(table.findTenant(host), match.tenant);
      return [match.tenant.name, match.pattern];
    }),
    [
      ['shop', 'shop.example'],
      ['shop', '*.shop.example'],
      ['eu', 'eu.shop.example'],
      ['rest', undefined],
      ['rest', undefined],
    ],
  );
});

test('takes for a host of nobody the tenant of the address that was connected to, before the default', () => {
  const table = buildRouteTable(
    [
      tenant('shop', ['shop.example'], [to('web')], ['10.1.2.3', '2001:db8::1']),
      tenant('eu', ['eu.example'], [to('web')], ['10.1.2.4']),
      tenant('rest', []),
    ],
    'rest',
    CLUSTERS,
  );
  const at = (host: string, localAddress: string) => {
    const match = table.matchTenant(host, { localAddress })!;
    assert.equal(table.findTenant(host, { localAddress }), match.tenant);
    return [match.tenant.name, match.pattern, match.vip];
  };

  assert.deepEqual(at('eu.example', '10.1.2.3'), ['eu', 'eu.example', undefined]);
  assert.deepEqual(at('other.example', '10.1.2.3'), ['shop', undefined, '10.1.2.3']);
  assert.deepEqual(at('', '2001:db8::1'), ['shop', undefined, '2001:db8::1']);
  assert.deepEqual(at('other.example', '10.1.2.4'), ['eu', undefined, '10.1.2.4']);
  assert.deepEqual(at('other.example', '10.1.2.5'), ['rest', undefined, undefined]);
  assert.equal(table.findTenant('other.example')!.name, 'rest');
});

test('knows no tenant for an unknown host when there is no default', () => {
  const table = buildRouteTable([tenant('shop', ['shop.example'])], undefined, CLUSTERS);

  assert.equal(table.findTenant('other.example'), undefined);
  assert.equal(table.matchTenant('other.example'), undefined);
});

test('does not count hosts of the default tenant as known unless it names them', () => {
  const table = buildRouteTable([tenant('shop', ['shop.example'])], 'shop', CLUSTERS);

  assert.equal(table.isKnownHost('shop.example'), true);
  assert.equal(table.isKnownHost('other.example'), false);
});

test('takes the most specific host that has a matching path, then routes without host, then the bare default', () => {
  const routes = [
    to('web'),
    to('web', '/any/*'),
    to('api', '/wide/*', '*.t.example'),
    to('beta', '/a/*', '*.b.t.example'),
    to('beta', '/x', 'x.b.t.example'),
    to('api', undefined, 'whole.t.example'),
    to('beta', '/x/*', 'whole.t.example'),
  ];
  const shop = buildRouteTable([tenant('t', ['*.t.example'], routes)], undefined, CLUSTERS).tenants[0]!;

  const cases: readonly (readonly [host: string, path: string, pattern: string])[] = [
    ['x.b.t.example', '/x', 'x.b.t.example/x'],
    ['x.b.t.example', '/a/1', '*.b.t.example/a/*'],
    ['x.b.t.example', '/wide', '*.t.example/wide/*'],
    ['x.b.t.example', '/any', '/any/*'],
    ['x.b.t.example', '/none', 'default'],
    ['y.b.t.example', '/x', 'default'],
    ['y.t.example', '/a/1', 'default'],
    ['whole.t.example', '/x/1', 'whole.t.example/x/*'],
    ['whole.t.example', '/any', 'whole.t.example'],
    ['elsewhere.example', '/any/1', '/any/*'],
    ['elsewhere.example', '/wide/1', 'default'],
    ['x.b.t.example', '*', 'default'],
  ];
  for (const [host, path, pattern] of cases) {
    assert.equal(shop.findRoute(host, path)?.pattern, pattern, `${host}${path}`);
  }
});

test('finds no route when nothing matches and there is no bare default', () => {
  const routes = [to('web', '/a', 'a.t.example'), to('web', '/b/*')];
  const shop = buildRouteTable([tenant('t', ['*.t.example'], routes)], undefined, CLUSTERS).tenants[0]!;

  assert.equal(shop.findRoute('a.t.example', '/c'), undefined);
  assert.equal(shop.findRoute('c.t.example', '/a'), undefined);
});

test('compares configured paths in the form requests are routed in', () => {
  const routes = [to('web', '/%7euser/*'), to('api', '/caf%c3%a9'), to('beta', '/a/../b')];
  const shop = buildRouteTable([tenant('t', ['t.example'], routes)], undefined, CLUSTERS).tenants[0]!;

  assert.equal(shop.findRoute('t.example', '/~user/x')?.id, 0);
  assert.equal(shop.findRoute('t.example', '/caf%C3%A9')?.id, 1);
  assert.equal(shop.findRoute('t.example', '/b')?.id, 2);
});

test('keeps the first of two routes, and of two tenants, that say the same', () => {
  const routes = [to('web', '/a'), to('api', '/%61'), to('beta'), to('web')];
  const table = buildRouteTable(
    [tenant('t', ['t.example'], routes), tenant('u', ['t.example'])],
    undefined,
    CLUSTERS,
  );

  assert.equal(table.findTenant('t.example')?.name, 't');
  assert.equal(table.tenants[0]!.findRoute('t.example', '/a')?.id, 0);
  assert.equal(table.tenants[0]!.findRoute('t.example', '/z')?.id, 2);
});

test('leads to the very cluster object it was given', () => {
  const target = targetOf({ kind: 'cluster', cluster: 'web' });

  assert.equal(target.kind === 'cluster' && target.cluster, CLUSTERS.get('web'));
});

test('prepares a redirect once, frozen', () => {
  const target = targetOf({ kind: 'redirect', to: 'https://shop.example/', status: 308 });

  assert.deepEqual(target, {
    kind: 'redirect',
    url: 'https://shop.example/',
    status: 308,
    headers: ['location', 'https://shop.example/', 'content-type', 'text/plain; charset=utf-8'],
    body: 'See https://shop.example/\n',
  });
  assert.ok(Object.isFrozen(target) && target.kind === 'redirect' && Object.isFrozen(target.headers));
});

test('prepares a fixed response with lower-case names and a content type only where it is needed', () => {
  const respond = (headers: [string, string][], body: string) =>
    targetOf({ kind: 'respond', status: 200, headers, body });

  assert.deepEqual(respond([['X-A', 'content-type']], 'hi'), {
    kind: 'respond',
    status: 200,
    headers: ['x-a', 'content-type', 'content-type', 'text/plain; charset=utf-8'],
    body: 'hi',
  });
  assert.deepEqual(respond([['Content-Type', 'text/html']], '<p>'), {
    kind: 'respond',
    status: 200,
    headers: ['content-type', 'text/html'],
    body: '<p>',
  });
  assert.deepEqual(respond([], ''), { kind: 'respond', status: 200, headers: [], body: '' });
});

test('has the tenants of the table before of which nothing has changed, nor a cluster they lead to', () => {
  const split: RouteSettings = {
    host: undefined,
    path: undefined,
    target: {
      kind: 'split',
      splitOn: undefined,
      shares: [
        { cluster: 'web', weight: 1 },
        { cluster: 'beta', weight: 1 },
      ],
    },
  };
  const mirrored: RouteSettings = {
    ...to('web'),
    mirror: { cluster: 'beta', percent: 10, maxBodyBytes: 100 },
  };
  const answered: RouteSettings = {
    host: undefined,
    path: undefined,
    target: { kind: 'respond', status: 200, headers: [], body: '' },
  };
  const settings = [
    tenant('web', ['web.example']),
    tenant('api', ['api.example'], [to('web'), to('api', '/api/*')]),
    tenant('split', ['split.example'], [split]),
    tenant('mirrored', ['mirrored.example'], [mirrored]),
    tenant('answered', ['answered.example'], [answered]),
  ];
  const before = buildRouteTable(settings, undefined, CLUSTERS);
  const kept = (wanted: readonly TenantSettings[], clusters: typeof CLUSTERS): string[] => {
    const table = buildRouteTable(wanted, undefined, clusters, before);
    for (const { hosts, name } of wanted) assert.equal(table.findTenant(hosts[0]!)?.name, name);
    return table.tenants.filter((one) => before.tenants.includes(one)).map(({ name }) => name);
  };
  const without = (name: string) => new Map([...CLUSTERS, [name, { name }]]);

  assert.deepEqual(kept(settings, CLUSTERS), ['web', 'api', 'split', 'mirrored', 'answered']);
  assert.deepEqual(kept(settings.toReversed().slice(1), CLUSTERS), ['mirrored', 'split', 'api', 'web']);
  assert.deepEqual(kept(settings.with(0, { ...settings[0]! }), CLUSTERS), [
    'api',
    'split',
    'mirrored',
    'answered',
  ]);
  const moved = buildRouteTable(
    settings.with(0, { ...settings[0]!, hosts: ['moved.example'] }),
    undefined,
    CLUSTERS,
    before,
  );
  assert.equal(moved.findTenant('moved.example')?.name, 'web');
  assert.equal(moved.findTenant('web.example'), undefined);
  assert.equal(moved.matchTenant('api.example')?.tenant, before.tenants[1]);
  assert.deepEqual(kept(settings, without('api')), ['web', 'split', 'mirrored', 'answered']);
  assert.deepEqual(kept(settings, without('beta')), ['web', 'api', 'answered']);
  assert.deepEqual(kept(settings, without('web')), ['answered']);
});

test('throws for names that validated settings cannot hold', () => {
  assert.throws(
    () => buildRouteTable([tenant('t', [], [to('gone')])], undefined, CLUSTERS),
    /unknown cluster gone/,
  );
  assert.throws(() => buildRouteTable([tenant('t', [])], 'gone', CLUSTERS), /unknown default tenant gone/);
});

test('holds 10,000 tenants apart', () => {
  const tenants = Array.from({ length: 10_000 }, (_, i) =>
    tenant(`t${i}`, [`t${i}.example`, `*.t${i}.example`], [to('web'), to('api', `/p${i}/*`)]),
  );

  const table = buildRouteTable(tenants, undefined, CLUSTERS);

  for (const i of [0, 1, 4999, 9999]) {
    const found = table.findTenant(`a.b.t${i}.example`);
    assert.equal(found?.name, `t${i}`);
    assert.equal(found?.findRoute('', `/p${i}/x`)?.id, 1);
    assert.equal(found?.findRoute('', `/p${i + 1}/x`)?.id, 0);
  }
});
