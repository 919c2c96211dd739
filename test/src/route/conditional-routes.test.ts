import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RouteSettings } from '../../../src/core/settings.ts';
import { Tenant } from '../../../src/route/tenant.ts';
import { traceRoutes } from '../../../src/route/trace.ts';
import { type SubjectFacts, subjectOf } from '../../support/condition-subject.ts';

const GET = 'req_method_in("GET")';
const BETA = 'req_header_value_in("x-beta", "1", false)';

function to(when?: string, path?: string, host?: string): RouteSettings {
  return { host, path, ...(when === undefined ? {} : { when }), target: { kind: 'cluster', cluster: 'web' } };
}

function tenantOf(...routes: RouteSettings[]): Tenant<string> {
  const tls = { protocols: ['http/1.1'], minVersion: '1.2', maxVersion: '1.3' } as const;
  return new Tenant({ name: 't', hosts: [], tls, routes }, new Map([['web', 'web']]));
}

function find(tenant: Tenant<string>, host: string, path: string, facts: SubjectFacts): string | undefined {
  return tenant.findRoute(host, path, subjectOf({ host, path, ...facts }))?.pattern;
}

const POST: SubjectFacts = { method: 'POST' };
const POST_BETA: SubjectFacts = { method: 'POST', headers: { 'x-beta': '1' } };

test('conditions alone are asked in their order, behind hosts and paths, before the bare default', () => {
  const tenant = tenantOf(to(), to(BETA), to(GET), to(undefined, '/a'), to(undefined, undefined, 'm.h'));

  assert.equal(find(tenant, 'h', '/', POST), 'default');
  assert.equal(find(tenant, 'h', '/', POST_BETA), 'when #2');
  assert.equal(find(tenant, 'h', '/', { headers: { 'x-beta': '1' } }), 'when #2');
  assert.equal(find(tenant, 'h', '/', {}), 'when #3');
  assert.equal(find(tenant, 'h', '/a', {}), '/a');
  assert.equal(find(tenant, 'm.h', '/', {}), 'm.h');
});

test('a condition beside a path narrows that route, and the next less specific one is looked at when it does not hold', () => {
  const tenant = tenantOf(
    to(GET, '/a/b'),
    to(BETA, '/a/b/*'),
    to(undefined, '/a/*'),
    to(BETA, '/a/b'),
    to(GET, '/*'),
    to(BETA),
    to('req_method_in("PUT")', '/a/b/*'),
  );

  assert.equal(find(tenant, 'h', '/a/b', {}), '/a/b when #1');
  assert.equal(find(tenant, 'h', '/a/b', POST_BETA), '/a/b when #4');
  assert.equal(find(tenant, 'h', '/a/b', { method: 'PUT' }), '/a/b/* when #7');
  assert.equal(find(tenant, 'h', '/a/b', POST), '/a/*');
  assert.equal(find(tenant, 'h', '/a/b/c', POST_BETA), '/a/b/* when #2');
  assert.equal(find(tenant, 'h', '/a/b/c', {}), '/a/*');
  assert.equal(find(tenant, 'h', '/c', {}), '/* when #5');
  assert.equal(find(tenant, 'h', '/c', POST_BETA), 'when #6');
  assert.equal(find(tenant, 'h', '/c', POST), undefined);
});

test('a host whose conditions do not hold is passed over for the next less specific one', () => {
  const tenant = tenantOf(
    to(GET, '/a', 'x.h.org'),
    to(BETA, undefined, 'x.h.org'),
    to(GET, undefined, '*.h.org'),
    to(undefined, '/a'),
  );

  assert.equal(find(tenant, 'x.h.org', '/a', {}), 'x.h.org/a when #1');
  assert.equal(find(tenant, 'x.h.org', '/a', POST_BETA), 'x.h.org when #2');
  assert.equal(find(tenant, 'x.h.org', '/b', {}), '*.h.org when #3');
  assert.equal(find(tenant, 'x.h.org', '/a', POST), '/a');
  assert.equal(find(tenant, 'x.h.org', '/b', POST), undefined);
});

test('equal paths in different spellings are one place', () => {
  const tenant = tenantOf(to(undefined, '/a'), to(GET, '/%61'));

  assert.equal(find(tenant, 'h', '/a', {}), '/%61 when #2');
  assert.equal(find(tenant, 'h', '/a', POST), '/a');
});

test('a tenant knows whether it has conditions, and refuses one that cannot be read', () => {
  assert.equal(tenantOf(to()).hasConditions, false);
  assert.equal(tenantOf(to(), to(GET)).hasConditions, true);
  assert.throws(() => tenantOf(to('nonsense()')), /there is no condition "nonsense"/);
});

test('the trace shows conditions that are not met, and those that were not asked', () => {
  const tenant = tenantOf(to(), to(BETA), to(GET), to(GET, '/a/*'), to(undefined, '/a'), to(BETA, '/a'));
  const trace = (path: string, facts: SubjectFacts) =>
    traceRoutes(tenant, 'h', path, subjectOf({ path, ...facts })).map(
      ({ route, verdict }) => `${route.pattern}: ${verdict}`,
    );

  assert.deepEqual(trace('/a', {}), [
    '/a when #6: unmet',
    '/a: chosen',
    '/a/* when #4: shadowed',
    'when #2: unmet',
    'when #3: shadowed',
    'default: shadowed',
  ]);
  assert.deepEqual(trace('/b', POST), [
    '/a when #6: other-path',
    '/a: other-path',
    '/a/* when #4: other-path',
    'when #2: unmet',
    'when #3: unmet',
    'default: chosen',
  ]);
});

test('thousands of conditions are asked in their order', () => {
  const rules = Array.from({ length: 3000 }, (_, i) =>
    to(`req_header_value_in("x-user", "${i % 1000}", false)`),
  );
  const tenant = tenantOf(...rules, to());

  assert.equal(find(tenant, 'h', '/', { headers: { 'x-user': '0' } }), 'when #1');
  assert.equal(find(tenant, 'h', '/', { headers: { 'x-user': '999' } }), 'when #1000');
  assert.equal(find(tenant, 'h', '/', { headers: { 'x-user': '1000' } }), 'default');
});
