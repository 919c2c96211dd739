import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import { formatFinding, Report } from '../../../src/import-bfe/report.ts';
import { settle } from '../../../src/import-bfe/settle.ts';
import { writeYaml } from '../../../src/import-bfe/write-yaml.ts';

const at = (line: number, file = 'a.data') => ({ file, line });

test('findings come in the order of files and lines, each once', () => {
  const report = new Report();
  report.kept(at(3), 'c');
  report.dropped(at(9, 'b.data'), 'd');
  report.changed(at(1), 'a');
  report.changed(at(1), 'a');
  report.kept(at(1), 'a');

  assert.deepEqual(report.findings.map(formatFinding), [
    'a.data:1: changed  a\n',
    'a.data:1: kept     a\n',
    'a.data:3: kept     c\n',
    'b.data:9: dropped  d\n',
  ]);
});

test('a finding is one line without commands to a terminal, and not longer than a screen', () => {
  const report = new Report();
  report.kept(at(0, 'a\u001b[2J\nb'), `x\r\ny\u2028\u202e\u0000\ud800${'z'.repeat(10_000)}`);

  const [text] = report.findings.map(formatFinding);
  assert.match(text!, /^a\?\[2J b: kept {5}x y \?\?\?z+ …\n$/);
  assert.ok(text!.length < 2100);
});

test('what was changed or dropped stands above the part that it became, whatever its form', () => {
  const report = new Report();
  const parts = { flow: { a: 1 }, item: { b: 'x: y' }, nested: { list: [1, 2], text: 'a"b', number: '12' } };
  report.changed(at(1), 'one', parts.flow);
  report.dropped(at(2), 'two\n- injected: true', parts.item);
  report.kept(at(3), 'not told', parts.nested);
  report.comment(parts.flow, 'three');

  const draft = { top: parts.flow, none: undefined, list: [parts.item, { b: 2 }], nested: parts.nested };
  const yaml = writeYaml(draft, ['head'], report);

  assert.equal(
    yaml,
    `# head

# one
# three
top: { a: 1 }
list:
  # not carried over: two - injected: true
  - { b: "x: y" }
  - { b: 2 }
nested: { list: [ 1, 2 ], text: 'a"b', number: "12" }
`,
  );
  assert.deepEqual(parse(yaml), JSON.parse(JSON.stringify(draft)));
});

test('parts that share a value are written out, not as aliases', () => {
  const shared = { a: 1 };

  assert.doesNotMatch(writeYaml({ x: shared, y: shared, z: [shared] }, [], new Report()), /[&*]/);
});

test('what the loader refuses is taken out with its reason, at the line it comes from', () => {
  const report = new Report();
  const [good, bad, twice] = [
    { path: '/a', cluster: 'web' },
    { path: 'b', cluster: 'web' },
    { path: '/a', cluster: 'web' },
  ];
  report.stems(bad, at(7));
  report.stems(twice, at(8));
  const lost = { path: 'x', cluster: 'web' };
  const draft = {
    listen: [{ address: ':1' }],
    tenants: {
      shop: {
        hosts: ['shop.example.org', 'not a host'],
        modules: [{ headers: { request: { set: { Date: 'x', 'X-A': 'a' } } } }],
        routes: [bad, good, twice],
      },
      lost: { hosts: ['lost.example.org'], routes: [lost] },
    },
    clusters: { web: { instances: [{ address: '127.0.0.1:1' }] } },
  };

  settle(draft, at(0, 'bfe.conf'), report);

  assert.deepEqual(draft.tenants, {
    shop: {
      hosts: ['shop.example.org'],
      modules: [{ headers: { request: { set: { 'X-A': 'a' } } } }],
      routes: [good],
    },
    lost: { hosts: ['lost.example.org'], routes: [{ respond: { status: 404 } }] },
  } as unknown);
  assert.deepEqual(
    report.findings.map(({ file, line, verdict, text }) => [file, line, verdict, text.split(':')[0]]),
    [
      ['bfe.conf', 0, 'dropped', 'tenants.shop.hosts[1]'],
      ['bfe.conf', 0, 'dropped', 'tenants.lost.routes[0].path'],
      ['bfe.conf', 0, 'dropped', '"Date"'],
      ['a.data', 7, 'dropped', 'tenants.shop.routes[0].path'],
      ['a.data', 8, 'dropped', 'tenants.shop.routes[2]'],
    ],
  );
});
