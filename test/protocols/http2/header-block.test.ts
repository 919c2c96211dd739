import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { describe, it } from 'node:test';
import { HeaderBlock } from '../../../protocols/http2/header-block.ts';
import { MAX_FRAME_BYTES, maxContinuations } from '../../../protocols/http2/limits.ts';

const piece = (length: number) => Buffer.alloc(length, 'x');

describe('a header block in several frames', () => {
  it('is put together in order, from copies, and leaves nothing behind', () => {
    const block = new HeaderBlock(100);
    assert.equal(block.streamId, 0);
    const read = Buffer.from('..abc');
    block.begin(5, 0x21, read, 2, 5);
    read.fill(0);
    assert.equal(block.streamId, 5);
    assert.equal(block.flags, 0x21);
    assert.equal(block.add(Buffer.from('-de-'), 1, 3), undefined);
    assert.equal(block.take().toString(), 'abcde');
    assert.equal(block.streamId, 0);

    block.begin(7, 0, piece(0), 0, 0);
    assert.equal(block.take().length, 0);
  });

  it('has at most so many octets', () => {
    const block = new HeaderBlock(100);
    block.begin(1, 0, piece(60), 0, 60);
    assert.equal(block.add(piece(40), 0, 40), undefined);
    assert.equal(block.add(piece(1), 0, 1), 'header-block-too-large');
  });

  it('counts the octets of each block for itself', () => {
    const block = new HeaderBlock(100);
    for (let i = 0; i < 3; i++) {
      block.begin(1, 0, piece(60), 0, 60);
      assert.equal(block.add(piece(40), 0, 40), undefined);
      assert.equal(block.take().length, 100);
    }
  });

  it('has at most so many frames, empty ones too', () => {
    const block = new HeaderBlock(100);
    block.begin(1, 0, piece(0), 0, 0);
    for (let i = 0; i < maxContinuations(100); i++) assert.equal(block.add(piece(0), 0, 0), undefined);
    assert.equal(block.add(piece(0), 0, 0), 'too-many-continuations');
  });

  it('may have as many full frames as its size takes', () => {
    const MEBIBYTE = 1_048_576;
    const block = new HeaderBlock(MEBIBYTE);
    block.begin(1, 0, piece(0), 0, 0);
    for (let bytes = 0; bytes < MEBIBYTE; bytes += MAX_FRAME_BYTES)
      assert.equal(block.add(piece(MAX_FRAME_BYTES), 0, MAX_FRAME_BYTES), undefined);
    assert.equal(block.add(piece(1), 0, 1), 'header-block-too-large');
  });
});
