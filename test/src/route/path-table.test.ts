import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PathTable } from '../../../src/route/path-table.ts';

function tableOf(...patterns: string[]): PathTable<string> {
  const table = new PathTable<string>();
  for (const pattern of patterns) assert.equal(table.add(pattern, pattern), true);
  return table;
}

test('matches a prefix on whole segments only', () => {
  const table = tableOf('/a/*');

  for (const path of ['/a', '/a/', '/a/x', '/a/x/y', '/a//']) assert.equal(table.lookup(path), '/a/*', path);
  for (const path of ['/', '/ab', '/ab/x', '/b/a', '//a', '/A'])
    assert.equal(table.lookup(path), undefined, path);
});

test('prefers the exact path, then the longest prefix', () => {
  const table = tableOf('/*', '/a/*', '/a/b', '/a/b/c/*', '/a/b/*');

  assert.equal(table.lookup('/'), '/*');
  assert.equal(table.lookup('/z/a'), '/*');
  assert.equal(table.lookup('/a'), '/a/*');
  assert.equal(table.lookup('/a/b'), '/a/b');
  assert.equal(table.lookup('/a/b/'), '/a/b/*');
  assert.equal(table.lookup('/a/b/c'), '/a/b/c/*');
  assert.equal(table.lookup('/a/b/cd'), '/a/b/*');
  assert.equal(table.lookup('/a/bc'), '/a/*');
});

test('falls back to a shorter prefix when a deeper pattern does not match to its end', () => {
  const table = tableOf('/a/*', '/a/b/c/d');

  assert.equal(table.lookup('/a/b/c'), '/a/*');
  assert.equal(table.lookup('/a/b/c/d'), '/a/b/c/d');
  assert.equal(table.lookup('/a/b/c/d/'), '/a/*');
  assert.equal(table.lookup('/a/b/c/d/e'), '/a/*');
});

test('tells /a from /a/ when both are exact', () => {
  const table = tableOf('/a', '/b/');

  assert.equal(table.lookup('/a'), '/a');
  assert.equal(table.lookup('/a/'), undefined);
  assert.equal(table.lookup('/b/'), '/b/');
  assert.equal(table.lookup('/b'), undefined);
});

test('treats the root path as an ordinary exact path', () => {
  const table = tableOf('/');

  assert.equal(table.lookup('/'), '/');
  assert.equal(table.lookup('//'), undefined);
  assert.equal(table.lookup('/a'), undefined);
});

test('takes a star elsewhere than as the last segment literally', () => {
  const table = tableOf('/a*', '/*/b');

  assert.equal(table.lookup('/a*'), '/a*');
  assert.equal(table.lookup('/ab'), undefined);
  assert.equal(table.lookup('/x/b'), undefined);
  assert.equal(table.lookup('/*/b'), '/*/b');
});

test('matches nothing that is not a path', () => {
  const table = tableOf('/*');

  assert.equal(table.lookup('*'), undefined);
  assert.equal(table.lookup(''), undefined);
  assert.throws(() => table.add('a/*', 'x'), /without leading slash/);
});

test('keeps the first value of a pattern', () => {
  const table = new PathTable<number>();

  assert.equal(table.add('/a/*', 1), true);
  assert.equal(table.add('/a/*', 2), false);
  assert.equal(table.add('/a', 3), true);
  assert.equal(table.add('/a', 4), false);

  assert.equal(table.lookup('/a/x'), 1);
  assert.equal(table.lookup('/a'), 3);
});

test('holds prototype keys as plain segments', () => {
  const table = tableOf('/__proto__/*');

  assert.equal(table.lookup('/__proto__/x'), '/__proto__/*');
  assert.equal(table.lookup('/constructor'), undefined);
});
