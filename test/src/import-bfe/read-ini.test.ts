import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Located, LocatedMapping } from '../../../src/import-bfe/located.ts';
import { readIni } from '../../../src/import-bfe/read-ini.ts';
import { TextFault } from '../../../src/import-bfe/read-json.ts';

function read(text: string): LocatedMapping {
  const node = readIni(text, 'a.conf');
  if (node instanceof TextFault) assert.fail(`${node.line}: ${node.message}`);
  assert.ok(node.value instanceof LocatedMapping);
  return node.value;
}

function section(text: string, name = 'Server'): LocatedMapping {
  return read(text).get(name)!.value.value as LocatedMapping;
}

test('sections have values with their lines, whatever the case of their names', () => {
  const server = section('# a\n[server]\nHttpPort = 8080\r\n\n; b\n  MaxCpus=0\n');

  assert.deepEqual(
    server.entries.map(({ name, place, value }) => [name, place.line, value.value, value.isBare]),
    [
      ['HttpPort', 3, '8080', true],
      ['MaxCpus', 6, '0', true],
    ],
  );
});

test('a key that comes again has a list, also when its section does', () => {
  const server = section('[Server]\nModules = a\nModules = b\n[Log]\nx\n[Server]\nModules = c\n');

  const list = server.get('modules')!.value.value as readonly Located[];
  assert.deepEqual(
    list.map(({ value, place }) => [value, place.line]),
    [
      ['a', 2],
      ['b', 3],
      ['c', 7],
    ],
  );
});

test('quotes keep comments away, and hold escapes', () => {
  const server = section('[Server]\na = "x # y" # z\nb = x ; y\nc = "q\\"\\\\"\nd = ""\ne\nf =\n');

  assert.deepEqual(
    server.entries.map(({ value }) => value.value),
    ['x # y', 'x', 'q"\\', '', 'true', ''],
  );
  assert.deepEqual(
    server.entries.map(({ value }) => value.isBare),
    [false, true, false, false, true, true],
  );
});

test('what is none of it is refused with its line', () => {
  for (const [text, line, message] of [
    ['a = 1', 1, 'a stands before any [Section]'],
    ['[Server]\n= 1', 2, 'expected [Section] or Key = value'],
    ['[Server]\n\n{"a": 1}', 3, 'expected [Section] or Key = value'],
    ['[Server', 1, 'expected [Section] or Key = value'],
    ['[Server]\na = "x', 2, 'the quotation mark is never closed'],
  ] as const) {
    const fault = readIni(text, 'a.conf');
    assert.ok(fault instanceof TextFault);
    assert.deepEqual([fault.line, fault.message], [line, message]);
  }
});
