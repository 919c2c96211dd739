import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { HpackEncoder } from '../../../protocols/hpack/encoder.ts';
import { INDEXING } from '../../../protocols/hpack/indexing.ts';
import { MAX_ENCODED_BLOCK_BYTES, MAX_VALUES_COMPARED } from '../../../protocols/hpack/limits.ts';
import { blockOf, decoded, decoder, encoded, encodedAs, hex } from '../../support/hpack-blocks.ts';

describe('fields', () => {
  it('go as references from the second time on', () => {
    const writer = new HpackEncoder(4096);
    const headers = [':method', 'GET', 'user-agent', 'curl', 'x-new', 'value'];

    encoded(writer, headers);

    assert.deepEqual(encoded(writer, headers), hex('82 bf be'));
  });

  it('that are never indexed keep the index of their name, static or dynamic, and are not entered', () => {
    const writer = new HpackEncoder(4096);

    assert.deepEqual(encoded(writer, ['cookie', 'a=b']), hex('1f11 03 613d62'));
    assert.deepEqual(encoded(writer, ['cookie', 'a=b']), hex('1f11 03 613d62'));
    encodedAs(writer, ['x-name', '1'], INDEXING.index);
    assert.deepEqual(encodedAs(writer, ['x-name', '1'], INDEXING.never), hex('1f2f 01 31'));
  });

  it('that are never indexed are no references even where the static table has them', () => {
    const writer = new HpackEncoder(4096);

    assert.deepEqual(encodedAs(writer, ['cookie', ''], INDEXING.never), hex('1f11 00'));
    assert.deepEqual(encodedAs(writer, [':method', 'GET'], INDEXING.never), hex('12 03 474554'));
  });

  it('that came as never indexed are sent so', () => {
    const writer = new HpackEncoder(4096);
    const reader = decoder();

    const block = encoded(writer, ['x-secret', '1', 'x-other', '2'], new Set(['x-secret']));

    decoded(reader, block);
    assert.deepEqual(reader.neverIndexed, ['x-secret']);
  });

  it('that differ with each message are not entered, but are references when they are in a table', () => {
    const writer = new HpackEncoder(4096);
    const generation = writer.generation;

    assert.deepEqual(encoded(writer, [':path', '/a']), hex('04 02 2f61'));
    assert.equal(writer.generation, generation);
    assert.deepEqual(encoded(writer, [':path', '/']), hex('84'));
  });

  it('that would push out most of the table are not entered', () => {
    const writer = new HpackEncoder(4096);
    const fits = 'v'.repeat(2048 - 32 - 1);

    encodedAs(writer, ['a', `${fits}v`], INDEXING.index);
    assert.equal(writer.generation, 0);
    encodedAs(writer, ['a', fits], INDEXING.index);
    assert.equal(writer.generation, 1);
  });

  it('of one name with ever new values are found among the newest only', () => {
    const writer = new HpackEncoder(4096);
    const reader = decoder();
    for (let i = 0; i <= MAX_VALUES_COMPARED; i++) decoded(reader, encoded(writer, ['x-n', `${i}`]));
    const generation = writer.generation;

    assert.equal(encoded(writer, ['x-n', '1']).length, 1);
    assert.equal(writer.generation, generation);
    assert.deepEqual(decoded(reader, encoded(writer, ['x-n', '0'])), ['x-n', '0']);
    assert.notEqual(writer.generation, generation);
  });

  it('named like properties of objects are fields like others', () => {
    const keys = ['__proto__', 'constructor', 'toString', 'hasOwnProperty'];
    const headers = keys.flatMap((key) => [key, key, 'accept', key, ':method', key, 'x', key]);
    const writer = new HpackEncoder(4096);
    const reader = decoder();

    for (let round = 0; round < 3; round++)
      assert.deepEqual(decoded(reader, encoded(writer, headers)), headers);
  });
});

describe('the size of the table', () => {
  const sizes: readonly (readonly [what: string, limits: readonly number[], prefix: string])[] = [
    ['nothing when nothing was said', [], ''],
    ['nothing when nothing changes', [4096], ''],
    ['nothing above our own bound', [65_536], ''],
    ['a smaller size', [100], '3f45'],
    ['a smaller size once', [100, 100], '3f45'],
    ['the last of sizes that only fall', [1000, 100, 0], '20'],
    ['the lowest and the last', [1000, 0, 100], '20 3f45'],
    ['the lowest even when the last is the one that was', [0, 4096], '20 3fe11f'],
  ];

  for (const [what, limits, prefix] of sizes) {
    it(`is announced as ${what}`, () => {
      const writer = new HpackEncoder(4096);

      for (const limit of limits) writer.limitTable(limit);

      assert.deepEqual(encoded(writer, [':method', 'GET']), hex(`${prefix} 82`));
      assert.deepEqual(encoded(writer, [':method', 'GET']), hex('82'));
    });
  }

  it('is announced in the first block when ours is below that of every connection', () => {
    assert.deepEqual(encoded(new HpackEncoder(0), [':method', 'GET']), hex('20 82'));
  });

  it('is announced when it grows, to our own bound at most', () => {
    const writer = new HpackEncoder(8192);

    assert.deepEqual(encoded(writer, [':method', 'GET']), hex('82'));
    writer.limitTable(1_000_000);

    assert.deepEqual(encoded(writer, [':method', 'GET']), hex('3fe13f 82'));
  });

  it('evicts at once what no longer fits', () => {
    const writer = new HpackEncoder(4096);
    const reader = decoder();
    decoded(reader, encoded(writer, ['a', '1', 'b', '2']));

    writer.limitTable(40);

    assert.deepEqual(encoded(writer, ['b', '2']), hex('3f09 be'));
    writer.limitTable(0);
    assert.deepEqual(encoded(writer, ['b', '2']), hex('20 0001 6201 32'));
  });
});

describe('the generation', () => {
  it('stays while blocks may be sent again, and changes with insertion, eviction and size', () => {
    const writer = new HpackEncoder(4096);
    const seen = [writer.generation];
    const remember = () => seen.push(writer.generation);

    encoded(writer, [':method', 'GET', 'cookie', '1', 'etag', '2']);
    remember();
    encoded(writer, ['a', '1']);
    remember();
    encoded(writer, ['a', '1']);
    remember();
    writer.limitTable(4096);
    remember();
    writer.limitTable(2000);
    remember();

    assert.equal(seen[1], seen[0]);
    assert.notEqual(seen[2], seen[1]);
    assert.equal(seen[3], seen[2]);
    assert.equal(seen[4], seen[3]);
    assert.notEqual(seen[5], seen[4]);
  });
});

describe('the buffer', () => {
  it('grows for a list of 64 KiB, and is small again for the next', () => {
    const writer = new HpackEncoder(4096);
    const headers = Array.from({ length: 64 }, (_, i) => [`x-${i}`, 'v'.repeat(1024)]).flat();

    assert.deepEqual(decoded(decoder(), encodedAs(writer, headers, INDEXING.plain)), headers);
    assert.ok(writer.buffer.length > 65_536);
    encoded(writer, [':method', 'GET']);
    assert.ok(writer.buffer.length <= 8192);
  });

  it('keeps what was written when it grows for a reference', () => {
    const writer = new HpackEncoder(4096);
    writer.begin();
    for (let i = 0; i < 2000; i++) writer.field(':method', i % 2 === 0 ? 'GET' : 'POST', INDEXING.index);

    assert.equal(blockOf(writer).toString('hex'), '8283'.repeat(1000));
  });

  it('throws beyond 1 MiB: such a list is a fault of ours', () => {
    const writer = new HpackEncoder(4096);
    writer.begin();

    assert.throws(() => writer.field('a', 'v'.repeat(MAX_ENCODED_BLOCK_BYTES), INDEXING.plain), RangeError);
    assert.deepEqual(encoded(writer, [':method', 'GET']), hex('82'));
  });
});
