import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { describe, it } from 'node:test';
import { SendQueue } from '../../../protocols/http2/send-queue.ts';
import { CountedOwner } from '../../support/counted-owner.ts';

function first(queue: SendQueue): string {
  const { bytes, start, end } = queue.first;
  return bytes.toString('latin1', start, end);
}

describe('a send queue', () => {
  it('keeps what has an owner as it is, retained once and released once', () => {
    const queue = new SendQueue();
    const owner = new CountedOwner();
    const bytes = Buffer.from('..abc..');
    queue.push(bytes, 2, 5, owner);
    assert.equal(queue.first.bytes, bytes);
    assert.equal(owner.users, 1);
    queue.shift(2);
    assert.equal(first(queue), 'c');
    assert.equal(owner.users, 1);
    queue.shift(1);
    assert.equal(owner.users, 0);
    assert.equal(owner.retained, 1);
    assert.equal(queue.bytes, 0);
  });

  it('copies what has none', () => {
    const queue = new SendQueue();
    const bytes = Buffer.from('..abc..');
    queue.push(bytes, 2, 5, undefined);
    bytes.fill(0);
    assert.equal(first(queue), 'abc');
  });

  it('gives pieces in order, and counts what is left', () => {
    const queue = new SendQueue();
    for (const text of ['ab', 'c', 'def']) queue.push(Buffer.from(text), 0, text.length, undefined);
    let taken = '';
    while (queue.bytes > 0) {
      const before = queue.bytes;
      taken += first(queue).charAt(0);
      queue.shift(1);
      assert.equal(queue.bytes, before - 1);
    }
    assert.equal(taken, 'abcdef');
    queue.push(Buffer.from('g'), 0, 1, undefined);
    assert.equal(first(queue), 'g');
  });

  it('lets go of everything when it is cleared, but not of what it has let go of before', () => {
    const queue = new SendQueue();
    const owners = [new CountedOwner(), new CountedOwner(), new CountedOwner()];
    for (const owner of owners) queue.push(Buffer.from('ab'), 0, 2, owner);
    queue.shift(2);
    queue.shift(1);
    queue.clear();
    queue.clear();
    assert.deepEqual(
      owners.map(({ users }) => users),
      [0, 0, 0],
    );
    assert.equal(queue.bytes, 0);
    queue.push(Buffer.from('xy'), 0, 2, owners[0]);
    assert.equal(first(queue), 'xy');
  });

  it('takes a body of single octets without moving the rest of it for each', () => {
    const queue = new SendQueue();
    const owner = new CountedOwner();
    const octet = Buffer.from('x');
    for (let i = 0; i < 1_000_000; i++) queue.push(octet, 0, 1, owner);
    // By moving them it would take minutes.
    for (let i = 0; i < 1_000_000; i++) queue.shift(1);
    assert.equal(owner.users, 0);
  });
});
