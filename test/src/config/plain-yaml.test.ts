import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readPlainYaml } from '../../../src/config/plain-yaml.ts';

describe('plain YAML is read', () => {
  const cases: [title: string, text: string, value: unknown][] = [
    ['nothing', '', null],
    ['comments only', '# a\n\n  # b\n', null],
    [
      'mappings',
      'a: 1\nb:\n  c: x\n  d:\ne: ~x\n'.replace('~', ''),
      { a: 1, b: { c: 'x', d: null }, e: 'x' },
    ],
    ['a list as deep as its key', 'a:\n- 1\n- x\nb: 2', { a: [1, 'x'], b: 2 }],
    [
      'a list of mappings',
      'a:\n  - b: 1\n    c: 2\n  -   d: 3\n      e: 4\n',
      {
        a: [
          { b: 1, c: 2 },
          { d: 3, e: 4 },
        ],
      },
    ],
    ['a mapping below its dash', 'a:\n  -\n    b: 1\n  -\n', { a: [{ b: 1 }, null] }],
    ['flow collections', 'a: { b: [1, two, "3", []], c: {} } # x', { a: { b: [1, 'two', '3', []], c: {} } }],
    ['flow collections over lines', 'a: [ # one\n  1,\n\n  2 ]\nb: 1', { a: [1, 2], b: 1 }],
    ['quotes', `a: "b: # c"\nd: '"e" {'\n"f g": "h\\n\\"i\\""`, { a: 'b: # c', d: '"e" {', 'f g': 'h\n"i"' }],
    ['words', 'a: [null, true, False, NULL, yes, off]', { a: [null, true, false, null, 'yes', 'off'] }],
    [
      'what only begins like a number',
      'a: 10.0.0.0/8\nb: 500ms\nc: 1.2.3',
      { a: '10.0.0.0/8', b: '500ms', c: '1.2.3' },
    ],
    ['colons within words', 'a: http://b:80/ #c\nd: [x:1]', { a: 'http://b:80/', d: ['x:1'] }],
    ['JSON', '{\n  "a": [1, {"b":null}],\n  "c":"d"\n}\n', { a: [1, { b: null }], c: 'd' }],
    ['keys that objects inherit', 'constructor: 1\ntoString: 2', { constructor: 1, toString: 2 }],
  ];
  for (const [title, text, value] of cases) {
    it(title, () => assert.deepEqual(readPlainYaml(text), { value }));
  }
});

describe('everything else is left to the library', () => {
  const cases: [title: string, text: string][] = [
    ['repeated keys', 'a: 1\na: 2'],
    ['repeated keys in a flow', '{a: 1, "a": 2}'],
    ['__proto__', '__proto__: { a: 1 }'],
    ['anchors and aliases', 'a: &x 1\nb: *x'],
    ['tags', 'a: !!str 1'],
    ['block scalars', 'a: |\n  b\n'],
    ['scalars over lines', 'a: b\n  c\n'],
    ['quotes over lines', 'a: "b\n  c"'],
    ['other numbers', 'a: 0x10'],
    ['fractions', 'a: 1.5'],
    ['leading zeros', 'a: 0755'],
    ['numbers beyond precision', 'a: 12345678901234567'],
    ['keys that are not text', 'true: 1'],
    ['numeric keys', '1: 2'],
    ['tabs', 'a:\n\t- b'],
    ['carriage returns', 'a: 1\r\nb: 2'],
    ['documents', '---\na: 1'],
    ['wrong indentation', 'a:\n    b: 1\n  c: 2'],
    ['wrong indentation of a list', 'a:\n  - 1\n   - 2'],
    ['a bracket in the column of its key', 'a: [\n  1\n]\n'],
    ['open brackets', 'a: [1, 2'],
    ['trailing commas', 'a: [1, 2,]'],
    ['pairs in a list', 'a: [b: 1]'],
    ['keys without value', 'a: {b, c}'],
    ['mappings within a line', 'a: b: c'],
    ['quotes with escapes of their own', 'a: "\\x41"'],
    ['doubled quotes', "a: 'it''s'"],
    ['something after a quote', 'a: "b" c'],
    ['a comment without a space', 'a: [1]#b'],
    ['indicators', 'a: @b'],
    ['nested deeper than it goes', `${'['.repeat(100)}${']'.repeat(100)}`],
    ['plain text', 'hello'],
  ];
  for (const [title, text] of cases) {
    it(title, () => assert.equal(readPlainYaml(text), undefined));
  }
});
