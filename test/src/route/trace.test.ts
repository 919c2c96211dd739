import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RouteSettings } from '../../../src/core/settings.ts';
import { Tenant } from '../../../src/route/tenant.ts';
import { traceRoutes } from '../../../src/route/trace.ts';
import { subjectOf } from '../../support/condition-subject.ts';

const TLS = { protocols: ['http/1.1'], minVersion: '1.2', maxVersion: '1.3' } as const;

function to(path?: string, host?: string): RouteSettings {
  return { host, path, target: { kind: 'cluster', cluster: 'web' } };
}

function trace(routes: RouteSettings[], host: string, path: string): string[] {
  const tenant = new Tenant({ name: 't', hosts: [], tls: TLS, routes }, new Map([['web', 'web']]));
  return traceRoutes(tenant, host, path).map(({ route, verdict }) => `${route.pattern}: ${verdict}`);
}

test('lists every route in order of precedence with what became of it', () => {
  const routes = [
    to(),
    to('/api/*'),
    to('/api/v1/*'),
    to('/api'),
    to('/x', '*.example'),
    to('/api/*', 'a.example'),
    to(undefined, '*.b.example'),
  ];

  assert.deepEqual(trace(routes, 'c.example', '/api/v1'), [
    'a.example/api/*: other-host',
    '*.b.example: other-host',
    '*.example/x: other-path',
    '/api: other-path',
    '/api/v1/*: chosen',
    '/api/*: shadowed',
    'default: shadowed',
  ]);
});

test('shows the second of two equal routes as shadowed', () => {
  assert.deepEqual(trace([to('/a'), to('/%61')], 'h', '/a'), ['/a: chosen', '/%61: shadowed']);
});

test('tells the routes that the index passes over from those that are asked, and what each condition saw', () => {
  const routes = Array.from({ length: 10 }, (_, i) => ({
    ...to(),
    when: `req_header_value_in("x-shard", "${i}", false) && req_method_in("GET")`,
  }));
  const tenant = new Tenant(
    { name: 't', hosts: [], tls: TLS, routes: [...routes, { ...to(), when: 'default_t()' }] },
    new Map([['web', 'web']]),
  );

  const steps = traceRoutes(tenant, 'h', '/', subjectOf({ headers: { 'x-shard': '7' } }));

  assert.deepEqual(
    steps.map(({ verdict, isPassedOver }) => `${verdict}${isPassedOver ? ', passed over' : ''}`),
    [
      ...Array.from({ length: 7 }, () => 'unmet, passed over'),
      'chosen',
      'unmet, passed over',
      'unmet, passed over',
      'shadowed',
    ],
  );
  assert.deepEqual(steps[3]?.condition, {
    kind: 'and',
    operands: [
      { kind: 'primitive', condition: 'req_header_value_in("x-shard", "3", false)', saw: ['7'], said: false },
      { kind: 'primitive', condition: 'req_method_in("GET")', saw: null, said: null },
    ],
    said: false,
  });
});

test('shows that nothing was chosen when nothing matches', () => {
  assert.deepEqual(trace([to('/a/*'), to('/b')], 'h', '*'), ['/b: other-path', '/a/*: other-path']);
});
