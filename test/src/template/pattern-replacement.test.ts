import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readReplacement } from '../../../src/template/pattern-replacement.ts';

test('a pattern that would cost too much for each octet is refused', () => {
  assert.match(
    String(readReplacement('(a{1,100}){1,10}', '')),
    /makes a program of \d+ instructions, and 500/,
  );
  assert.equal(typeof readReplacement('a{1,100}', ''), 'object');
});

test('a pattern that makes others slow is matched in time linear in the text', () => {
  const replacement = readReplacement('^(a+)+$', 'x');
  assert.ok(typeof replacement !== 'string');
  const text = `${'a'.repeat(16_000)}!`;

  // A backtracking engine does not come back from this.
  assert.equal(replacement.replace(text), text);
});
