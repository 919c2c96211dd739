import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MAX_RECENT_RESETS } from '../../../protocols/http2/limits.ts';
import { RecentResets } from '../../../protocols/http2/recent-resets.ts';

describe('recent resets', () => {
  it('tell who has reset a stream, the last time', () => {
    const resets = new RecentResets();
    resets.add(1, true);
    resets.add(3, false);
    assert.equal(resets.by(1), 'peer');
    assert.equal(resets.by(3), 'us');
    assert.equal(resets.by(5), undefined);
    resets.add(1, false);
    assert.equal(resets.by(1), 'us');
  });

  it('are forgotten, the oldest first, beyond their bound', () => {
    const resets = new RecentResets();
    for (let i = 0; i < MAX_RECENT_RESETS; i++) resets.add(2 * i + 1, false);
    assert.equal(resets.by(1), 'us');
    resets.add(99_999, true);
    assert.equal(resets.by(1), undefined);
    assert.equal(resets.by(3), 'us');
    assert.equal(resets.by(99_999), 'peer');
    resets.add(3, true);
    assert.equal(resets.by(5), 'us');
  });
});
