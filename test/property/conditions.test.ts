import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Condition, compileCondition, PRIMITIVES } from '../../src/route/condition/compile-condition.ts';
import { ConditionFault } from '../../src/route/condition/condition-fault.ts';
import { ConditionIndex } from '../../src/route/condition/condition-index.ts';
import { formatCondition } from '../../src/route/condition/format-condition.ts';
import { parseCondition } from '../../src/route/condition/parser.ts';
import type { ConditionNode } from '../../src/route/condition/syntax-tree.ts';
import { EVERY_FACT, subjectOf } from '../support/condition-subject.ts';

const PLACE = { offset: 0, length: 0 };

const argument = fc.oneof(
  fc
    .string({
      unit: fc.oneof(
        fc.constantFrom('"', '`', '\\', '\n', '\r', '\t', '|', '\0'),
        fc.string({ minLength: 1, maxLength: 1, unit: 'binary' }),
      ),
    })
    .map((value) => ({ kind: 'text' as const, value, ...PLACE })),
  fc.boolean().map((value) => ({ kind: 'flag' as const, value, ...PLACE })),
  fc.nat().map((value) => ({ kind: 'number' as const, value: String(value), ...PLACE })),
);

const { node } = fc.letrec<{ node: ConditionNode }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 4 },
    fc.record({
      kind: fc.constant('call' as const),
      name: fc.constantFrom(...PRIMITIVES.keys(), 'x', 'a-b', '_1'),
      args: fc.array(argument, { maxLength: 3 }),
      offset: fc.constant(0),
      length: fc.constant(0),
    }),
    tie('node').map((operand) => ({ kind: 'not' as const, operand, ...PLACE })),
    fc
      .tuple(
        fc.constantFrom('and' as const, 'or' as const),
        fc.array(tie('node'), { minLength: 2, maxLength: 4 }),
      )
      .map(([kind, operands]) => ({ kind, operands, ...PLACE })),
  ),
}));

test('a condition that was written is read as the same tree', () => {
  fc.assert(
    fc.property(node, (tree) => {
      const read = parseCondition(formatCondition(tree));
      assert.ok(!(read instanceof ConditionFault), String(read));
      assert.deepEqual(withoutPlaces(read), withoutPlaces(tree));
    }),
    { numRuns: 500 },
  );
});

test('any text is a condition, or is refused at a place in it', () => {
  const piece = fc.oneof(
    fc.constantFrom(...PRIMITIVES.keys()),
    fc.constantFrom(
      '(',
      ')',
      '!',
      '&&',
      '||',
      ',',
      '"',
      '`',
      '\\',
      '//',
      '\n',
      ' ',
      'true',
      'false',
      '"a|b"',
      '"/a"',
      '`(`',
      '"0-99"',
      '0',
      '()',
    ),
    fc.string({ unit: 'binary', maxLength: 3 }),
  );
  const text = fc.oneof(
    fc.array(piece, { maxLength: 20 }).map((pieces) => pieces.join('')),
    node.map(formatCondition),
  );
  fc.assert(
    fc.property(text, (written) => {
      for (const reading of ['portico', 'bfe'] as const) {
        const compiled = compileCondition(written, { known: EVERY_FACT, reading });
        if (!(compiled instanceof ConditionFault)) continue;
        assert.notEqual(compiled.message, '');
        assert.ok(compiled.offset >= 0 && compiled.length >= 0);
        assert.ok(compiled.offset + compiled.length <= written.length);
      }
    }),
    { numRuns: 3000 },
  );
});

const word = fc.constantFrom('a', 'b', 'ab', 'A', 'abc');
const list = fc.array(word, { minLength: 1, maxLength: 3 }).map((words) => words.join('|'));
const paths = fc
  .array(
    fc.array(word, { maxLength: 3 }).map((words) => `/${words.join('/')}`),
    { minLength: 1, maxLength: 2 },
  )
  .map((items) => items.join('|'));
const flag = fc.boolean();

/** What has keys in the index, and what has none. */
const call = fc.oneof(
  list.map((items) => `req_host_in("${items}")`),
  list.map((items) => `req_host_suffix_in("${items}")`),
  fc.tuple(paths, flag).map(([items, fold]) => `req_path_in("${items}", ${fold})`),
  fc.tuple(paths, flag).map(([items, fold]) => `req_path_prefix_in("${items}", ${fold})`),
  fc.tuple(paths, flag).map(([items, fold]) => `req_path_element_prefix_in("${items}", ${fold})`),
  fc.tuple(list, flag).map(([items, fold]) => `req_header_value_in("x", "${items}|", ${fold})`),
  fc.tuple(list, flag).map(([items, fold]) => `req_header_value_prefix_in("x", "${items}", ${fold})`),
  fc.tuple(list, flag).map(([items, fold]) => `req_cookie_value_in("c", "${items}", ${fold})`),
  fc.tuple(list, flag).map(([items, fold]) => `req_query_value_in("q", "${items}", ${fold})`),
  list.map((items) => `req_query_key_in("${items}")`),
  list.map((items) => `req_method_in("${items}")`),
  list.map((items) => `ses_tls_sni_in("${items}")`),
);

const { condition } = fc.letrec<{ condition: string }>((tie) => ({
  condition: fc.oneof(
    { maxDepth: 3 },
    call,
    tie('condition').map((inner) => `!(${inner})`),
    fc
      .tuple(fc.constantFrom(' && ', ' || '), fc.array(tie('condition'), { minLength: 2, maxLength: 3 }))
      .map(([operator, inner]) => `(${inner.join(operator)})`),
  ),
}));

const request = fc.record({
  method: word,
  host: word.map((text) => text.toLowerCase()),
  url: fc
    .tuple(fc.array(word, { maxLength: 3 }), fc.option(word), flag)
    .map(([words, q, slash]) => `/${words.join('/')}${slash ? '/' : ''}${q === null ? '' : `?q=${q}`}`),
  headers: fc.record({ x: word, cookie: word.map((value) => `c=${value}`) }, { requiredKeys: [] }),
  serverName: word.map((text) => text.toLowerCase()),
});

test('an index finds the first condition that holds, as asking one after the other does', () => {
  fc.assert(
    fc.property(
      fc.array(condition, { maxLength: 120 }),
      fc.array(request, { minLength: 1, maxLength: 5 }),
      (texts, requests) => {
        const rules = texts.map((text, value) => ({ condition: compiled(text), value }));
        const index = new ConditionIndex(rules);
        for (const facts of requests) {
          const subject = subjectOf(facts);
          assert.equal(index.find(subject), rules.find((rule) => rule.condition.holds(subject))?.value);
        }
      },
    ),
    { numRuns: 400 },
  );
});

function compiled(text: string): Condition {
  const result = compileCondition(text);
  if (result instanceof ConditionFault) throw result;
  return result;
}

function withoutPlaces(tree: ConditionNode): unknown {
  return JSON.parse(
    JSON.stringify(tree, (key, value) => (key === 'offset' || key === 'length' ? undefined : value)),
  );
}
