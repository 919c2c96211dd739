import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RouteSettings } from '../../../src/core/settings.ts';
import { Tenant } from '../../../src/route/tenant.ts';
import { traceRoutes } from '../../../src/route/trace.ts';

function to(path?: string, host?: string): RouteSettings {
  return { host, path, target: { kind: 'cluster', cluster: 'web' } };
}

function trace(routes: RouteSettings[], host: string, path: string): string[] {
  const tls = { protocols: ['http/1.1'], minVersion: '1.2', maxVersion: '1.3' } as const;
  const tenant = new Tenant({ name: 't', hosts: [], tls, routes }, new Map([['web', 'web']]));
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

test('shows that nothing was chosen when nothing matches', () => {
  assert.deepEqual(trace([to('/a/*'), to('/b')], 'h', '*'), ['/b: other-path', '/a/*: other-path']);
});
