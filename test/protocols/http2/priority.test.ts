import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parsePriority } from '../../../protocols/http2/priority.ts';

describe('a Priority field', () => {
  const cases: readonly (readonly [string, number, boolean])[] = [
    ['', 3, false],
    ['u=0', 0, false],
    ['u=7', 7, false],
    ['i', 3, true],
    ['i=?1', 3, true],
    ['i=?0', 3, false],
    ['u=5, i', 5, true],
    [' u=1 ,i ', 1, true],
    ['i,u=2', 2, true],
    ['u=1,u=4', 4, false],
    ['i, i=?0', 3, false],
    ['u=8', 3, false],
    ['u=-1', 3, false],
    ['u=10', 3, false],
    ['u=a', 3, false],
    ['u', 3, false],
    ['U=1', 3, false],
    ['x=1, u=2, y', 2, false],
    ['i=1', 3, false],
    [`${','.repeat(10)}u=1`, 3, false],
    ['u=1'.padEnd(16_384, ','), 1, false],
    ['\xff\0', 3, false],
  ];
  for (const [value, urgency, incremental] of cases)
    it(`says urgency ${urgency}${incremental ? ', incremental' : ''}: ${JSON.stringify(value.slice(0, 30))}`, () => {
      assert.deepEqual(parsePriority(value), { urgency, incremental });
    });
});
