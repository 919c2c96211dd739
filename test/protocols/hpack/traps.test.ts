/** What hpack.js and its users have got wrong, one test each: the reason why only its tables are used. */
import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { it } from 'node:test';
import hpack from 'hpack.js';
import { HpackEncoder } from '../../../protocols/hpack/encoder.ts';
import { INDEXING } from '../../../protocols/hpack/indexing.ts';
import { decoded, decoder, encoded, encodedAs, hex } from '../../support/hpack-blocks.ts';

it('a field named or valued like a property of objects reaches the peer as itself', () => {
  const writer = new HpackEncoder(4096);
  const reader = decoder();
  decoded(reader, encoded(writer, ['x-a', '1', 'x-b', '2', 'x-c', '3']));

  for (const headers of [
    ['accept', 'constructor'],
    ['accept', 'toString'],
    ['accept', '__proto__'],
    ['constructor', 'x'],
    ['__proto__', 'x'],
    ['toString', 'x'],
  ]) {
    assert.deepEqual(decoded(reader, encoded(writer, headers)), headers);
    assert.deepEqual(decoded(reader, encoded(writer, headers)), headers);
  }
});

it('the table is bounded on both sides, however many fields are entered', () => {
  const writer = new HpackEncoder(4096);
  const reader = decoder();
  for (let i = 0; i < 500; i++) decoded(reader, encoded(writer, [`x-${i}`, 'v'.repeat(100)]));
  const entries = Math.floor(4096 / (32 + 5 + 100));

  assert.equal(decoded(reader, indexed(61 + entries))[0], `x-${500 - entries}`);
  assert.equal(encoded(writer, [`x-${500 - entries}`, 'v'.repeat(100)]).length, 1);
  const beyond = indexed(61 + entries + 1);
  assert.equal(reader.decode(beyond, 0, beyond.length), 'index-out-of-range');
});

it('a size update is refused behind a field, and a third one everywhere', () => {
  assert.equal(decoder().decode(hex('8220'), 0, 2), 'late-size-update');
  assert.equal(decoder().decode(hex('202020'), 0, 3), 'too-many-size-updates');
  assert.deepEqual(decoded(decoder(), hex('20 3fe11f 82')), [':method', 'GET']);
});

it('a smaller table is announced, and so is the lowest size on the way to a larger one', () => {
  const writer = new HpackEncoder(4096);

  writer.limitTable(100);
  assert.deepEqual(encoded(writer, [':method', 'GET']), hex('3f45 82'));
  writer.limitTable(0);
  writer.limitTable(200);
  assert.deepEqual(encoded(writer, [':method', 'GET']), hex('20 3fa901 82'));
});

it('the setting of the peer bounds what we send, and ours what we read', () => {
  const writer = new HpackEncoder(4096);
  const reader = decoder(8192);

  writer.limitTable(0);

  assert.deepEqual(decoded(reader, hex('3fe13f 82')), [':method', 'GET']);
  assert.deepEqual(encoded(writer, ['a', '1']), hex('20 0001 6101 31'));
});

it('200,000 references to one large entry cost no memory, and the table stays in step', () => {
  const value = 'v'.repeat(4000);
  const limits = { listBytes: 65_536, fieldBytes: 16_384, fields: 200 };
  const entry = encodedAs(new HpackEncoder(8192), ['x', 'v'], INDEXING.index);
  const large = Buffer.concat([hex('4001 787f a11e'), Buffer.from(value)]);
  const reader = decoder(4096, limits);
  const bomb = Buffer.concat([large, Buffer.alloc(200_000, 0xbe), entry]);
  const before = process.memoryUsage().heapUsed;

  for (let round = 0; round < 5; round++) {
    assert.equal(reader.decode(bomb, 0, bomb.length), undefined);
    assert.equal(reader.excess, 'list-too-large');
    assert.equal(reader.headers.length, 2 * Math.floor(limits.listBytes / (1 + value.length + 32)));
  }

  // As a list, one round is 3.2 MB of pointers, and 800 MB where values are copied.
  assert.ok(process.memoryUsage().heapUsed - before < 2_000_000);
  assert.deepEqual(decoded(reader, hex('be')), ['x', 'v']);
});

it('an integer ends after four continuation octets, and one that is cut is told as such', () => {
  const long = Buffer.concat([hex('ff'), Buffer.alloc(1_000_000, 0x80)]);

  assert.equal(decoder().decode(long, 0, long.length), 'integer-too-large');
  assert.equal(decoder().decode(hex('ff80'), 0, 2), 'truncated');
  assert.equal(decoder().decode(hex('82 40017f'), 0, 4), 'truncated');
});

it('the first part of a block is not read as a whole one, and nothing is read after a fault', () => {
  const whole = encodedAs(new HpackEncoder(4096), ['custom-key', 'custom-value'], INDEXING.index);
  for (let cut = 1; cut < whole.length; cut++)
    assert.equal(decoder().decode(whole, 0, cut), 'truncated', `${cut}`);

  const reader = decoder();
  reader.decode(whole, 0, 3);
  assert.equal(reader.decode(whole, 0, whole.length), 'truncated');
});

it('each character is one octet, whichever way it is sent', () => {
  for (const indexing of Object.values(INDEXING)) {
    const headers = ['x', 'caf\xe9 \xff\x80'.repeat(10)];

    assert.deepEqual(decoded(decoder(), encodedAs(new HpackEncoder(4096), headers, indexing)), headers);
    // Not valid, and for the layers above to keep away; yet it must not shift what follows.
    const wide = encodedAs(new HpackEncoder(4096), ['x', '\u0141'.repeat(30), 'y', '1'], indexing);
    assert.deepEqual(decoded(decoder(), wide), ['x', 'A'.repeat(30), 'y', '1']);
  }
});

it('a never-indexed field keeps its flag, has the index of its name, and is not entered', () => {
  const writer = new HpackEncoder(4096);
  const reader = decoder();

  const block = encoded(writer, ['authorization', 'Basic Zm9v']);
  decoded(reader, block);

  assert.deepEqual(block.subarray(0, 2), hex('1f08'));
  assert.deepEqual(reader.neverIndexed, ['authorization']);
  assert.equal(reader.decode(hex('be'), 0, 1), 'index-out-of-range');
});

it('hpack.js still confuses such fields, which is why its look-up is not used', () => {
  const stream = hpack.compressor.create({ table: { maxSize: 4096 } });

  assert.throws(() => stream.write([{ name: 'toString', value: 'x' }]), TypeError);
});

function indexed(index: number): Buffer {
  return index < 127 ? Buffer.of(0x80 | index) : Buffer.of(0xff, index - 127);
}
