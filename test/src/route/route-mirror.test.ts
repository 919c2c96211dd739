import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RouteMirror } from '../../../src/route/route-mirror.ts';

/** Which of so many requests are copied. */
function taken(percent: number, requests: number): boolean[] {
  const mirror = new RouteMirror('shadow', { cluster: 'shadow', percent, maxBodyBytes: 0 });
  return Array.from({ length: requests }, () => mirror.takesNext());
}

function count(taken: readonly boolean[]): number {
  return taken.filter(Boolean).length;
}

test('all are copied, or none', () => {
  assert.equal(count(taken(100, 1000)), 1000);
  assert.equal(count(taken(0, 1000)), 0);
});

for (const percent of [0.1, 1, 10, 33, 50, 99.5]) {
  test(`${percent} % of any number of requests are copied, but for two or three`, () => {
    const all = taken(percent, 10_000);

    let copied = 0;
    for (const [i, isTaken] of all.entries()) {
      if (isTaken) copied += 1;
      assert.ok(Math.abs(copied - ((i + 1) * percent) / 100) < 3, `${copied} of the first ${i + 1}`);
    }
  });
}

test('whatever requests have a rhythm, all of them are copied alike', () => {
  const all = taken(10, 10_000);

  for (const period of [2, 5, 10, 20])
    for (let phase = 0; phase < period; phase++) {
      const ofPhase = all.filter((_, i) => i % period === phase);
      const share = count(ofPhase) / ofPhase.length;
      assert.ok(Math.abs(share - 0.1) < 0.02, `${share} of every ${period}th from ${phase}`);
    }
});
