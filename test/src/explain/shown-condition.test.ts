import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  conditionLines,
  MAX_VALUE_SHOWN,
  MAX_VALUES_SHOWN,
  shownCondition,
} from '../../../src/explain/shown-condition.ts';
import type { ConditionTrace } from '../../../src/route/condition/condition-trace.ts';

function primitive(saw: readonly string[] | null, said: boolean | null = false): ConditionTrace {
  return { kind: 'primitive', condition: 'req_x()', saw, said };
}

function shown(octets: string): string {
  const trace = shownCondition(primitive([octets]));
  assert.ok(trace.kind === 'primitive');
  return trace.saw![0]!;
}

test('values are shown as UTF-8, and what cannot be seen as escapes', () => {
  assert.equal(shown('caf\xc3\xa9'), 'caf\u00e9');
  assert.equal(shown('caf\xe9'), 'caf\\xe9');
  assert.equal(shown('a\x1b[2J\x7f\r\n\0'), 'a\\u001b[2J\\u007f\\u000d\\u000a\\u0000');
  assert.equal(shown('\xc2\x9b'), '\\u009b', 'a terminal takes it for ESC [');
  assert.equal(shown('\xe2\x80\xae'), '\\u202e', 'it would turn the line around');
  assert.equal(shown('\xf3\xa0\x81\x81'), '\\U000e0041');
  assert.equal(shown('\\xe9'), '\\\\xe9', 'no escape, but what was sent');
});

test('what was seen is bounded', () => {
  assert.equal(shown('a'.repeat(MAX_VALUE_SHOWN)), 'a'.repeat(MAX_VALUE_SHOWN));
  assert.equal(shown('a'.repeat(MAX_VALUE_SHOWN + 1)), `${'a'.repeat(MAX_VALUE_SHOWN)}…`);

  const many = shownCondition(primitive(Array.from({ length: MAX_VALUES_SHOWN + 3 }, (_, i) => `n${i}`)));
  assert.ok(many.kind === 'primitive');
  assert.deepEqual(many.saw?.slice(-2), [`n${MAX_VALUES_SHOWN - 1}`, '… 3 more']);
});

test('a line says what a primitive saw and said', () => {
  assert.deepEqual(conditionLines(primitive(['a "b"', ''])), ['req_x()  saw "a \\"b\\"", "" → false']);
  assert.deepEqual(conditionLines(primitive([])), ['req_x()  saw nothing → false']);
  assert.deepEqual(conditionLines(primitive(null, true)), ['req_x()  → true']);
  assert.deepEqual(conditionLines(primitive(null, null)), ['req_x()  not asked']);
  assert.deepEqual(
    conditionLines({ kind: 'primitive', condition: 'h()', saw: ['a'], bucket: 7, said: true }),
    ['h()  saw "a" in bucket 7 → true'],
  );
});

test('a condition has a line for each of its primitives', () => {
  const trace: ConditionTrace = {
    kind: 'or',
    operands: [primitive(['1']), { kind: 'not', operand: primitive(['2'], true), said: false }],
    said: false,
  };

  assert.deepEqual(conditionLines(shownCondition(trace)), [
    'req_x()  saw "1" → false',
    'req_x()  saw "2" → true',
  ]);
});
