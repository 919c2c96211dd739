import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseConfig } from '../../../src/config/load.ts';
import type { Problem } from '../../../src/config/problem.ts';
import { goodSettings } from '../../support/configuration.ts';

const REST = [
  'listen: [{ address: ":8080" }]',
  'defaultTenant: good',
  'clusters: { web: { instances: [{ address: "127.0.0.1:1" }] } }',
  'tenants:',
  '  good: { hosts: [good.example], routes: [{ cluster: web }] }',
];

function load(...lines: string[]) {
  return parseConfig([...REST, ...lines].join('\n'), 'portico.yaml');
}

function shown(problems: readonly Problem[]): string[] {
  return problems.map(({ line, column, message, severity }) => `${line}:${column} ${severity} ${message}`);
}

test('a tenant that is wrong is left out alone, its hosts answered 503, and each mistake is a warning', () => {
  const result = load(
    '  bad:',
    '    isolate: true',
    '    hosts: [bad.example, "*.bad.example", good.example, "not a host"]',
    '    vips: [10.1.2.3]',
    '    routes: [{ cluster: wbe }, { path: x }]',
  );

  const settings = goodSettings(result);
  const [good, bad] = settings.tenants;
  assert.deepEqual(good!.routes[0]!.target, { kind: 'cluster', cluster: 'web' });
  assert.deepEqual(bad!.hosts, ['bad.example', '*.bad.example']);
  assert.deepEqual(bad!.vips, ['10.1.2.3']);
  assert.equal(bad!.routes.length, 1);
  const { target } = bad!.routes[0]!;
  assert.ok(target.kind === 'respond' && target.status === 503);
  assert.ok(result.ok);
  assert.deepEqual(
    shown(result.warnings).map((text) => text.replace(/(left out: .{24}).*/, '$1')),
    [
      '8:43 warning tenant bad is left out: the host "good.example" ',
      '8:57 warning tenant bad is left out: expected a host name suc',
      '10:25 warning tenant bad is left out: there is no cluster "wbe',
      '10:32 warning tenant bad is left out: the route leads nowhere',
      '10:40 warning tenant bad is left out: expected a path such as ',
    ],
  );
});

test('the rest is refused as ever where it is wrong itself, or a tenant that does not say so is', () => {
  const isolated = ['  bad: { isolate: true, hosts: [bad.example], routes: [{ cluster: x }] }'];

  const other = load(...isolated, '  worse: { hosts: [worse.example], routes: [{ cluster: y }] }');
  assert.ok(!other.ok);
  assert.deepEqual(
    other.problems.map(({ message }) => message),
    ['there is no cluster "x"', 'there is no cluster "y"'],
  );
  assert.ok(!load(...isolated, 'workers: none').ok);
  assert.ok(!load('  bad: { isolate: maybe, hosts: [bad.example], routes: [{ cluster: x }] }').ok);
});

test('a tenant without a host that can be read is gone, unless something depends on it', () => {
  const gone = goodSettings(load('  bad: { isolate: true, hosts: 7 }'));
  assert.deepEqual(
    gone.tenants.map(({ name }) => name),
    ['good'],
  );

  const text = [...REST, '  bad: { isolate: true, hosts: 7 }']
    .join('\n')
    .replace('defaultTenant: good', 'defaultTenant: bad');
  const refused = parseConfig(text, 'portico.yaml');
  assert.ok(!refused.ok);
});
