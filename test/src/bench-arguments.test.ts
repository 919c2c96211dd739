import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readArguments } from '../../bench/arguments.ts';

test('compares everything in three rounds of four seconds when nothing is asked', () => {
  assert.deepEqual(readArguments([]), { command: 'compare', only: [], seconds: 4, rounds: 3, strict: false });
});

test('--quick shortens a sample to one second unless --seconds says otherwise', () => {
  assert.equal(readArguments(['--quick']).seconds, 1);
  assert.equal(readArguments(['--quick', '--seconds', '2']).seconds, 2);
});

test('--only takes a comma-separated list', () => {
  assert.deepEqual(readArguments(['--only', 'h1-plain,h1-tls']).only, ['h1-plain', 'h1-tls']);
});

test('refuses counts that are not whole numbers within bounds', () => {
  for (const text of ['0', '-1', '1.5', 'x', '', '51']) {
    assert.throws(() => readArguments([`--rounds=${text}`]), /--rounds must be a whole number from 1 to 50/);
  }
});

test('knows micro and no other command', () => {
  assert.equal(readArguments(['micro']).command, 'micro');
  assert.throws(() => readArguments(['macro']), /unknown command macro/);
});
