import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { test } from 'node:test';
import fc from 'fast-check';
import { MirroredBody } from '../../../src/proxy/mirrored-body.ts';

/** Memory of so many bytes. */
class Memory {
  held = 0;
  readonly #most: number;

  constructor(most = Number.POSITIVE_INFINITY) {
    this.#most = most;
  }

  reserve(bytes: number): boolean {
    if (this.held + bytes > this.#most) return false;
    this.held += bytes;
    return true;
  }

  release(bytes: number): void {
    this.held -= bytes;
  }
}

const pieces = fc.array(fc.uint8Array({ maxLength: 3000 }), { maxLength: 20 });

test('a body is one piece, however it comes, and its memory is given back', () => {
  fc.assert(
    fc.property(pieces, (parts) => {
      const memory = new Memory();
      const body = new MirroredBody(memory, 100_000);
      for (const part of parts) {
        // Surrounded, as reads are.
        const read = Buffer.concat([Buffer.from('<'), part, Buffer.from('>')]);
        assert.equal(body.add(read, 1, 1 + part.length), true);
        read.fill(0);
      }

      const whole = Buffer.concat(parts);
      assert.deepEqual(body.bytes.subarray(0, body.length), whole);
      assert.equal(memory.held, body.bytes.length);
      assert.ok(memory.held <= Math.max(1024, 2 * whole.length + 3000));
      body.release();
      assert.equal(memory.held, 0);
    }),
  );
});

test('as many bytes as it may have fit, and one more does not', () => {
  const memory = new Memory();
  const body = new MirroredBody(memory, 5000);

  assert.equal(body.add(Buffer.alloc(4999), 0, 4999), true);
  assert.equal(body.add(Buffer.alloc(1), 0, 1), true);
  assert.equal(memory.held, 5000);
  assert.equal(body.add(Buffer.alloc(1), 0, 1), false);
});

test('many small pieces cost no more than they hold', () => {
  const memory = new Memory();
  const body = new MirroredBody(memory, 1_000_000);

  for (let i = 0; i < 100_000; i++) body.add(Buffer.from('x'), 0, 1);

  assert.ok(memory.held < 2 * 100_000);
});

test('without memory there is no body, and what there was is given back', () => {
  const memory = new Memory(2000);
  const [first, second] = [new MirroredBody(memory, 4000), new MirroredBody(memory, 4000)];

  assert.equal(first.add(Buffer.alloc(1500), 0, 1500), true);
  assert.equal(second.add(Buffer.alloc(600), 0, 600), false);
  second.release();
  assert.equal(memory.held, 1500);
  first.release();
  assert.equal(memory.held, 0);
});
