import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HostTable } from '../../../src/route/host-table.ts';

function tableOf(...patterns: string[]): HostTable<string> {
  const table = new HostTable<string>();
  for (const pattern of patterns) assert.equal(table.add(pattern, pattern), true);
  return table;
}

const LOOKUPS: readonly (readonly [host: string, pattern: string | undefined])[] = [
  ['example.org', 'example.org'],
  ['shop.example.org', 'shop.example.org'],
  ['x.example.org', '*.example.org'],
  ['a.b.example.org', '*.example.org'],
  ['eu.shop.example.org', '*.shop.example.org'],
  ['de.eu.shop.example.org', '*.shop.example.org'],
  ['example.com', undefined],
  ['anexample.org', undefined],
  ['org', undefined],
  ['shop.example.org.evil.net', undefined],
  ['', undefined],
  ['.', undefined],
  ['__proto__', undefined],
  ['constructor', undefined],
  ['::1', '::1'],
  ['127.0.0.1', '127.0.0.1'],
];

test('finds the most specific pattern: the exact name, then the longest wildcard', () => {
  const table = tableOf(
    '*.example.org',
    'example.org',
    'shop.example.org',
    '*.shop.example.org',
    '::1',
    '127.0.0.1',
  );

  for (const [host, pattern] of LOOKUPS) {
    assert.equal(table.lookup(host), pattern, host);
    assert.equal(table.match(host)?.pattern, pattern, host);
  }
});

test('does not let a wildcard match its own suffix, with or without an empty label', () => {
  const table = tableOf('*.example.org');

  assert.equal(table.lookup('example.org'), undefined);
  assert.equal(table.lookup('.example.org'), undefined);
});

test('does not take a host that looks like a pattern for the pattern of an exact name', () => {
  const table = tableOf('example.org');

  assert.equal(table.lookup('*.example.org'), undefined);
});

test('keeps the first value of a pattern', () => {
  const table = new HostTable<number>();

  assert.equal(table.add('*.example.org', 1), true);
  assert.equal(table.add('*.example.org', 2), false);
  assert.equal(table.add('example.org', 3), true);

  assert.equal(table.lookup('a.example.org'), 1);
  assert.equal(table.lookup('example.org'), 3);
});

test('leads from a match to every less specific wildcard in order', () => {
  const table = tableOf('a.b.c.d', '*.d', '*.b.c.d', '*.x.d');

  const seen: string[] = [];
  let entry = table.match('a.b.c.d');
  while (entry !== undefined) {
    seen.push(entry.pattern);
    entry = table.matchAbove(entry.pattern);
  }

  assert.deepEqual(seen, ['a.b.c.d', '*.b.c.d', '*.d']);
});

test('holds prototype keys as plain names', () => {
  const table = tableOf('__proto__', '*.constructor');

  assert.equal(table.lookup('__proto__'), '__proto__');
  assert.equal(table.lookup('a.constructor'), '*.constructor');
  assert.equal(table.lookup('tostring'), undefined);
});
