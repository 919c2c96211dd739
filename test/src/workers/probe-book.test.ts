import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ProbeResult } from '../../../src/core/probe-result.ts';
import { ProbeBook } from '../../../src/workers/probe-book.ts';
import { clusterSettings } from '../balance/cluster-settings.ts';

test('knows who is down, and forgets who is back', () => {
  const book = new ProbeBook();

  book.record([result('a:80', true), result('b:80', true), result('c:80', false)]);
  book.record([result('a:80', false)]);

  assert.deepEqual(book.down, [result('b:80', true)]);
});

test('forgets instances and clusters that are gone, and those that are not probed any more', () => {
  const book = new ProbeBook();
  const kept = clusterSettings([1], { probe: { kind: 'tcp' } });
  const unprobed = { ...clusterSettings([1]), name: 'other' };
  book.record([result('a:80', true), result('gone:80', true), result('a:80', true, 'gone')]);
  book.record([result('a:80', true, 'other')]);

  book.keep([kept, unprobed]);

  assert.deepEqual(book.down, [result('a:80', true)]);
});

function result(address: string, isDown: boolean, cluster = 'web'): ProbeResult {
  return { cluster, address, ok: !isDown, isDown };
}
