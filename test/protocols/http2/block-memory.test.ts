import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { describe, it } from 'node:test';
import { BlockMemory } from '../../../protocols/http2/block-memory.ts';

function found(memory: BlockMemory, head: object, generation: number): string | undefined {
  const slot = memory.find(head, generation);
  return slot?.buffer.toString('latin1', 0, slot.length);
}

describe('a block memory', () => {
  it('gives back a copy for the same head under the same generation', () => {
    const memory = new BlockMemory();
    const head = {};
    const block = Buffer.from('block-and-more');
    memory.keep(head, 3, block, 5);
    block.fill(0);
    assert.equal(found(memory, head, 3), 'block');
    assert.equal(found(memory, head, 4), undefined);
    assert.equal(found(memory, {}, 3), undefined);
  });

  it('keeps four, and replaces the oldest', () => {
    const memory = new BlockMemory();
    const heads = Array.from({ length: 5 }, (_, i) => ({ i }));
    for (const head of heads) memory.keep(head, 0, Buffer.from(`${head.i}`), 1);
    assert.deepEqual(
      heads.map((head) => found(memory, head, 0)),
      [undefined, '1', '2', '3', '4'],
    );
  });

  it('does not keep what has more than 256 octets', () => {
    const memory = new BlockMemory();
    const head = {};
    memory.keep(head, 0, Buffer.alloc(300), 257);
    assert.equal(found(memory, head, 0), undefined);
    memory.keep(head, 0, Buffer.alloc(300), 256);
    assert.equal(found(memory, head, 0)?.length, 256);
  });
});
