import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Condition, compileCondition, PRIMITIVES } from '../../src/route/condition/compile-condition.ts';
import { ConditionFault } from '../../src/route/condition/condition-fault.ts';
import { ConditionIndex } from '../../src/route/condition/condition-index.ts';
import type { ConditionSubject } from '../../src/route/condition/condition-subject.ts';
import type { ConditionTrace } from '../../src/route/condition/condition-trace.ts';
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

const word = fc.constantFrom('a', 'b', 'ab', 'Ab', 'abc', 'c', 'ca', 'd', 'e', 'f');
const list = fc.array(word, { minLength: 1, maxLength: 3 }).map((words) => words.join('|'));
const path = fc.array(word, { minLength: 1, maxLength: 3 }).map((words) => `/${words.join('/')}`);
const flag = fc.boolean();

/** What has keys in the index, and what has none. */
const call = fc.oneof(
  list.map((items) => `req_host_in("${items}")`),
  list.map((items) => `req_host_suffix_in("${items}")`),
  fc.tuple(path, flag).map(([item, fold]) => `req_path_in("${item}", ${fold})`),
  fc.tuple(path, flag).map(([item, fold]) => `req_path_prefix_in("${item}", ${fold})`),
  fc.tuple(path, flag).map(([item, fold]) => `req_path_element_prefix_in("${item}", ${fold})`),
  fc.tuple(list, flag).map(([items, fold]) => `req_header_value_in("x", "${items}", ${fold})`),
  fc.tuple(list, flag).map(([items, fold]) => `req_header_value_prefix_in("x", "${items}", ${fold})`),
  fc.tuple(list, flag).map(([items, fold]) => `req_cookie_value_in("c", "${items}", ${fold})`),
  fc.tuple(list, flag).map(([items, fold]) => `req_query_value_in("q", "${items}", ${fold})`),
  list.map((items) => `ses_tls_sni_in("${items}")`),
);

/** Mostly false, so that a search goes on. */
const condition = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(call, call, call).map((calls) => calls.join(' && ')) },
  { weight: 2, arbitrary: fc.tuple(call, call, call).map(([a, b, c]) => `(${a} || ${b}) && ${c}`) },
  { weight: 1, arbitrary: fc.tuple(call, call, call).map(([a, b, c]) => `${a} && !${b} && ${c}`) },
  { weight: 1, arbitrary: fc.tuple(call, call).map(([a, b]) => `!(${a} || !${b}) && req_method_in("GET")`) },
  { weight: 1, arbitrary: list.map((items) => `req_query_key_in("${items}") && !req_method_in("GET|POST")`) },
  { weight: 1, arbitrary: call.map((inner) => `!${inner} && req_method_in("PUT")`) },
  { weight: 1, arbitrary: call.map((a) => `(${a} || req_query_key_in("q")) && !req_method_in("GET|POST")`) },
);

const request = fc.record({
  method: fc.constantFrom('GET', 'POST', 'PUT'),
  host: word.map((text) => text.toLowerCase()),
  url: fc
    .tuple(path, fc.option(word), flag)
    .map(([sent, q, slash]) => `${sent}${slash ? '/' : ''}${q === null ? '' : `?q=${q}`}`),
  headers: fc.record({ x: word, cookie: word.map((value) => `c=${value}`) }, { requiredKeys: [] }),
  serverName: word.map((text) => text.toLowerCase()),
});

test('an index finds the first condition that holds, as asking one after the other does', () => {
  const rules = fc.array(condition, { minLength: 1, maxLength: 300, size: 'max' });
  let [late, none] = [0, 0];
  fc.assert(
    fc.property(rules, fc.array(request, { minLength: 5, maxLength: 5 }), (texts, requests) => {
      const conditions = texts.map((text, value) => ({ condition: compiled(text), value }));
      const index = new ConditionIndex(conditions);
      for (const facts of requests) {
        const subject = subjectOf(facts);
        const expected = conditions.find((rule) => rule.condition.holds(subject))?.value;
        assert.equal(index.find(subject), expected);
        if (expected === undefined) none += 1;
        else if (expected > 20) late += 1;
      }
    }),
    { numRuns: 200 },
  );
  assert.ok(late > 100 && none > 20, `${late} searches were long, and ${none} found nothing`);
});

test('a trace says what the condition says, and asks as far as it does', () => {
  const subjects = fc.array(request, { minLength: 3, maxLength: 3 });
  let [holding, skipped] = [0, 0];
  fc.assert(
    fc.property(condition, subjects, (text, requests) => {
      const whole = compiled(text);
      for (const facts of requests) {
        const subject = subjectOf(facts);
        const trace = whole.trace(subject);
        assert.equal(trace.said, whole.holds(subject));
        if (trace.said) holding += 1;
        skipped += checkTrace(trace, parsed(text), subject, true);
      }
    }),
    { numRuns: 500 },
  );
  assert.ok(holding > 50 && skipped > 500, `${holding} held, ${skipped} primitives were not asked`);
});

/** Holds a trace to the tree that was written, with each primitive compiled by itself. Returns how many were not asked. */
function checkTrace(
  trace: ConditionTrace,
  tree: ConditionNode,
  subject: ConditionSubject,
  isAsked: boolean,
): number {
  assert.equal(trace.said !== null, isAsked);
  if (tree.kind === 'call') {
    const text = formatCondition(tree);
    assert.ok(trace.kind === 'primitive');
    assert.equal(trace.condition, text);
    assert.equal(trace.said, isAsked ? compiled(text).holds(subject) : null);
    assert.equal(trace.saw !== null, isAsked);
    return isAsked ? 0 : 1;
  }
  if (tree.kind === 'not') {
    assert.ok(trace.kind === 'not');
    return checkTrace(trace.operand, tree.operand, subject, isAsked);
  }
  assert.ok(trace.kind === tree.kind);
  let isOpen = isAsked;
  let skipped = 0;
  for (const [i, operand] of tree.operands.entries()) {
    skipped += checkTrace(trace.operands[i]!, operand, subject, isOpen);
    if (trace.operands[i]!.said === (tree.kind === 'or')) isOpen = false;
  }
  return skipped;
}

function parsed(text: string): ConditionNode {
  const tree = parseCondition(text);
  if (tree instanceof ConditionFault) throw tree;
  return tree;
}

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
