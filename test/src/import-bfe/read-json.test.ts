import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Located, LocatedMapping } from '../../../src/import-bfe/located.ts';
import { readJson, TextFault } from '../../../src/import-bfe/read-json.ts';

function plain({ value }: Located): unknown {
  if (value instanceof LocatedMapping)
    return Object.fromEntries(value.entries.map((entry) => [entry.name, plain(entry.value)]));
  return Array.isArray(value) ? (value as readonly Located[]).map(plain) : value;
}

function read(text: string): Located {
  const node = readJson(text, 'a.data');
  if (node instanceof TextFault) assert.fail(`${node.line}: ${node.message}`);
  return node;
}

test('values are those of the platform, however the text is laid out', () => {
  const key = fc.string({ maxLength: 8 }).filter((name) => name !== '__proto__');
  const { json } = fc.letrec((tie) => ({
    json: fc.oneof(
      { maxDepth: 4 },
      fc.string({ unit: 'binary', maxLength: 12 }),
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
      fc.array(tie('json'), { maxLength: 4 }),
      fc.dictionary(key, tie('json'), { maxKeys: 4, noNullPrototype: true }),
    ),
  }));
  fc.assert(
    fc.property(json, fc.constantFrom(undefined, '\t', 4), (value, indent) => {
      const text = JSON.stringify(value, undefined, indent);
      assert.deepEqual(plain(read(text)), JSON.parse(text));
    }),
  );
});

test('every name and value has its line', () => {
  const node = read('{\n"a": 1,\n\t"b": [\n1,\n\t{"c":\n"x"}]\n}\n');

  assert.ok(node.value instanceof LocatedMapping);
  const { place, value } = node.value.get('B')!;
  assert.deepEqual(place, { file: 'a.data', line: 3 });
  const [first, second] = value.value as readonly Located[];
  assert.deepEqual([first!.place.line, second!.place.line], [4, 5]);
  const inner = (second!.value as LocatedMapping).get('c')!;
  assert.deepEqual([inner.place.line, inner.value.place.line], [5, 6]);
});

test('of two entries with one name, in whatever case, the last counts', () => {
  const node = read('{"Cond": 1, "cond": 2}');

  assert.equal((node.value as LocatedMapping).get('COND')!.value.value, 2);
});

test('what is no JSON is refused with its line', () => {
  for (const [text, line] of [
    ['', 1],
    ['{\n"a": 1,\n}', 3],
    ["{\n'a': 1}", 2],
    ['{"a": 1}\n\n# more', 3],
    ['{"a":\n\n1', 3],
    ['a: 1\n', 1],
    ['{"a": 01}', 1],
    ['{\n"a": tru }', 2],
  ] as const) {
    const fault = readJson(text, 'a.data');
    assert.ok(fault instanceof TextFault, text);
    assert.equal(fault.line, line, `${text}: ${fault.message}`);
    assert.doesNotMatch(fault.message, /position|\n/);
  }
});

test('nesting is bounded, and brackets in texts do not count', () => {
  const deep = readJson(`[\n${'['.repeat(100_000)}`, 'a.data');
  assert.ok(deep instanceof TextFault);
  assert.deepEqual([deep.line, deep.message], [2, 'nested more than 32 deep']);

  read(JSON.stringify({ a: '[{'.repeat(1000), b: '"\\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[' }));
});
