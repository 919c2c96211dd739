import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { type NumberedLine, readLines } from '../../../src/cli/lines.ts';
import { heldMemory } from '../../support/held-memory.ts';

async function linesOf(pieces: readonly Buffer[], maxBytes = 8): Promise<NumberedLine[]> {
  return collected(readLines(Readable.from(pieces), maxBytes));
}

test('lines are the same wherever what is read was cut', async () => {
  const text = Buffer.from('é\n\nbcdefghi\ntoo long\u00e9\nlast');
  const expected = [
    { number: 1, text: 'é' },
    { number: 2, text: '' },
    { number: 3, text: 'bcdefghi' },
    { number: 4, text: undefined },
    { number: 5, text: 'last' },
  ];

  for (let cut = 0; cut <= text.length; cut++)
    assert.deepEqual(await linesOf([text.subarray(0, cut), text.subarray(cut)]), expected, `cut at ${cut}`);
  assert.deepEqual(await linesOf(Array.from(text, (byte) => Buffer.from([byte]))), expected);
});

test('a last line without a line feed counts, and nothing is no line', async () => {
  assert.deepEqual(await linesOf([Buffer.from('a\n')]), [{ number: 1, text: 'a' }]);
  assert.deepEqual(await linesOf([Buffer.from('123456789')]), [{ number: 1, text: undefined }]);
  assert.deepEqual(await linesOf([]), []);
});

test('of a line that does not end no more is held than a line may have', async () => {
  const before = heldMemory().buffers;
  let most = 0;
  async function* endless(): AsyncGenerator<Buffer> {
    for (let i = 0; i < 8; i++) {
      yield Buffer.alloc(1024 * 1024, 'x');
      most = Math.max(most, heldMemory().buffers - before);
    }
    yield Buffer.from('\nend');
  }

  const lines = await collected(readLines(endless(), 64 * 1024));

  assert.deepEqual(lines, [
    { number: 1, text: undefined },
    { number: 2, text: 'end' },
  ]);
  // All of it would be 8 MiB; the piece that is being read is there in any case.
  assert.ok(most < 3 * 1024 * 1024, `${most}`);
});

async function collected(lines: AsyncIterable<NumberedLine>): Promise<NumberedLine[]> {
  const list: NumberedLine[] = [];
  for await (const line of lines) list.push(line);
  return list;
}
