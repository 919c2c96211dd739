import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MAX_WINDOW, ReceiveWindow, SendWindow } from '../../../protocols/http2/flow-window.ts';

describe('a send window', () => {
  it('shrinks with what is sent and grows with what is granted', () => {
    const window = new SendWindow(100);
    window.take(80);
    assert.equal(window.available, 20);
    assert.equal(window.grow(30), true);
    assert.equal(window.available, 50);
  });

  it('falls below zero when the initial window is lowered (RFC 9113, section 6.9.2)', () => {
    const window = new SendWindow(65_535);
    window.take(60_000);
    assert.equal(window.grow(16_384 - 65_535), true);
    assert.equal(window.available, -43_616);
    assert.equal(window.grow(43_616), true);
    assert.equal(window.available, 0);
    window.grow(1);
    assert.equal(window.available, 1);
  });

  it('may be as large as there are windows and no larger, and is not changed by what would make it so', () => {
    const window = new SendWindow(0);
    assert.equal(window.grow(MAX_WINDOW), true);
    assert.equal(window.grow(1), false);
    assert.equal(window.available, MAX_WINDOW);
    window.take(1);
    assert.equal(window.grow(2), false);
    assert.equal(window.grow(1), true);
  });

  it('may go from its lowest to its highest', () => {
    const window = new SendWindow(MAX_WINDOW);
    window.take(MAX_WINDOW);
    window.grow(-MAX_WINDOW);
    assert.equal(window.available, -MAX_WINDOW);
    assert.equal(window.grow(MAX_WINDOW), true);
    assert.equal(window.grow(MAX_WINDOW), true);
    assert.equal(window.available, MAX_WINDOW);
  });
});

describe('a receive window', () => {
  it('takes what the peer knows it may send, to the octet', () => {
    const window = new ReceiveWindow(100, 100);
    assert.equal(window.take(99), true);
    assert.equal(window.take(1), true);
    assert.equal(window.take(0), true);
    assert.equal(window.take(1), false);
  });

  it('announces what was used when that is half of it', () => {
    const window = new ReceiveWindow(100, 100);
    window.take(100);
    assert.equal(window.release(49), 0);
    assert.equal(window.take(1), false);
    const other = new ReceiveWindow(100, 100);
    other.take(100);
    assert.equal(other.release(49), 0);
    assert.equal(other.release(1), 50);
    assert.equal(other.take(50), true);
    assert.equal(other.take(1), false);
  });

  it('has what the peer does not know of yet to announce first', () => {
    const window = new ReceiveWindow(1000, 65);
    assert.equal(window.announce(), 935);
    assert.equal(window.announce(), 0);
    assert.equal(window.take(1000), true);
    assert.equal(window.take(1), false);
  });
});
