import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { parseDocument, stringify } from 'yaml';
import { readPlainYaml } from '../../src/config/plain-yaml.ts';

/** What the library makes of a text; undefined when it objects. */
function readByLibrary(text: string): { value: unknown } | undefined {
  const document = parseDocument(text, { logLevel: 'silent' });
  return document.errors.length > 0 ? undefined : { value: document.toJS() };
}

/** The one rule: giving up is allowed, another answer is not. Returns whether the reader answered. */
function agrees(text: string): boolean {
  const read = readPlainYaml(text);
  if (read === undefined) return false;
  assert.deepEqual(plainly(read), plainly(readByLibrary(text)), JSON.stringify(text));
  return true;
}

/** Without prototypes: fast-check's and the library's objects differ in them. */
function plainly(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value ?? 'refused'));
}

const plainWord = fc.constantFrom(
  ...['a', 'listen', '10.0.0.0/8', '*.example.org', ':8080', '127.0.0.1:80', '500ms', '/api/*', 'two words'],
  ...['null', 'true', 'No', '', 'http://a.example/?b=c#d', '[::1]:80', 'x-y', '12', '1.5.2'],
);
const oddWord = fc.oneof(
  fc.constantFrom(
    '- a',
    'a: b',
    'a #b',
    '#c',
    '1.5',
    '0x1',
    '-1',
    '+1',
    '.5',
    '...',
    '---',
    '~',
    "it's",
    'a\nb',
  ),
  fc.string({ maxLength: 6 }),
);
const word = fc.oneof({ weight: 12, arbitrary: plainWord }, { weight: 1, arbitrary: oddWord });
const key = fc.oneof(
  { weight: 12, arbitrary: fc.stringMatching(/^[a-z_][a-z0-9_.-]{0,4}$/) },
  { weight: 1, arbitrary: word },
);
const mapping = fc.letrec((tie) => ({
  node: fc.oneof({ maxDepth: 4 }, word, fc.nat(), fc.boolean(), fc.constant(null), tie('list'), tie('map')),
  list: fc.array(tie('node'), { maxLength: 4 }),
  map: fc.dictionary(key, tie('node'), { minKeys: 1, maxKeys: 4 }),
})).map;

it('the plain reader gives what the library gives for all that is written by machines', () => {
  let answered = 0;
  fc.assert(
    fc.property(mapping, fc.constantFrom(0, 20, 80), fc.boolean(), (data, width, isFlow) => {
      const style = { lineWidth: width, ...(isFlow ? { collectionStyle: 'flow' as const } : {}) };
      for (const text of [stringify(data, style), JSON.stringify(data), JSON.stringify(data, null, 2)]) {
        if (agrees(text)) answered++;
      }
    }),
    { numRuns: 300 },
  );
  assert(answered > 450, `answered only ${answered} of 900`);
});

it('the plain reader gives what the library gives, or gives up, for texts that were tampered with', () => {
  const seed = `listen:
  - address: ":8080" # plain
  - { address: ':8443', tls: true }
tenants:
  shop:
    hosts: ["a.example.org", *.b]
    routes:
    - path: /api/*
      cluster: api
    - cluster: web
clusters: {}
`;
  const piece = fc.oneof(
    fc.constantFrom(
      '\n',
      ' ',
      '  ',
      ': ',
      ':',
      '- ',
      '-',
      '#',
      ' #',
      '"',
      "'",
      '[',
      ']',
      '{',
      '}',
      ',',
      '\t',
      '&a',
      '*a',
      '|',
      '>',
      '?',
    ),
    fc.constantFrom(
      '\n  ',
      '\n    ',
      '\n- ',
      '! ',
      '% ',
      '\\',
      '\\n',
      'null',
      '0',
      '...',
      '---',
      '\n---\n',
      '\u00a0',
      '\u2028',
    ),
    fc.string({ maxLength: 3 }),
  );
  const edit = fc.record({ at: fc.nat(seed.length), cut: fc.nat(4), piece });
  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 3 }), (edits) => {
      const text = edits.reduce(
        (text, { at, cut, piece }) => text.slice(0, at) + piece + text.slice(at + cut),
        seed,
      );
      agrees(text.replace('*.b', 'b'));
    }),
    { numRuns: 3000 },
  );
});

it('the plain reader gives what the library gives, or gives up, for any soup of tokens', () => {
  const token = fc.constantFrom(
    'a',
    'b',
    '1',
    'x y',
    '"q"',
    "'s'",
    ': ',
    ':',
    '- ',
    '-',
    '\n',
    '\n  ',
    '\n    ',
    '[',
    ']',
    '{',
    '}',
    ', ',
    ',',
    ' ',
    '#c',
    ' #c',
    '~',
    'null',
    '.',
    '/',
    '+',
  );
  fc.assert(
    fc.property(fc.array(token, { maxLength: 14 }), (tokens) => {
      agrees(tokens.join(''));
    }),
    { numRuns: 20_000 },
  );
});
