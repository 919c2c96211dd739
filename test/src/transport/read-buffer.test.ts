import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ReadBufferPool } from '../../../src/transport/read-buffer.ts';

test('a buffer is given out again once its reader has let go of it', () => {
  const pool = new ReadBufferPool();
  const buffer = pool.take();

  buffer.release();

  assert.equal(pool.take(), buffer);
});

test('a buffer that a write still needs is not given out again', () => {
  const pool = new ReadBufferPool();
  const buffer = pool.take();
  buffer.retain();
  assert.equal(buffer.isShared, true);

  buffer.release();
  assert.notEqual(pool.take(), buffer);
  assert.equal(buffer.isShared, false);
  buffer.release();

  assert.equal(pool.take(), buffer);
});

test('a buffer has one user when it is taken again, whatever it has been through', () => {
  const pool = new ReadBufferPool();
  for (let i = 0; i < 3; i++) {
    const buffer = pool.take();
    assert.equal(buffer.isShared, false);
    for (let writes = 0; writes < i; writes++) buffer.retain();
    for (let writes = 0; writes < i; writes++) buffer.release();
    buffer.release();
  }
});

test('release can be passed on as it is', () => {
  const pool = new ReadBufferPool();
  const buffer = pool.take();
  const { release } = buffer;

  release();

  assert.equal(pool.take(), buffer);
});

test('when traffic is over the pool keeps 8 MiB and no more', () => {
  const pool = new ReadBufferPool();
  const buffers = Array.from({ length: 100 }, () => pool.take());
  const known = new Set(buffers);

  for (const buffer of buffers) buffer.release();

  let kept = 0;
  for (let buffer = pool.take(); known.has(buffer); buffer = pool.take()) kept += buffer.bytes.length;
  assert.equal(kept, 8 * 1024 * 1024);
});
