import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { test } from 'node:test';
import fc from 'fast-check';
import { HpackEncoder } from '../../protocols/hpack/encoder.ts';
import { INDEXING, type Indexing } from '../../protocols/hpack/indexing.ts';
import {
  blockOf,
  cureOtherLookup,
  decoded,
  decoder,
  encoded,
  OtherDecoder,
  OtherEncoder,
} from '../support/hpack-blocks.ts';

cureOtherLookup();

/** Few different ones, so that they come again; some that objects have; and any octets. */
const anyOctets = fc.uint8Array({ maxLength: 60 }).map((octets) => Buffer.from(octets).toString('latin1'));
const name = fc.oneof(
  fc.constantFrom(
    ':path',
    ':status',
    'accept',
    'cookie',
    'x-a',
    'x-b',
    '__proto__',
    'constructor',
    'toString',
  ),
  anyOctets,
);
const value = fc.oneof(
  fc.constantFrom('', '/', '200', 'a', 'b', 'gzip, deflate', '__proto__', 'constructor', 'v'.repeat(200)),
  anyOctets,
);
const indexing: fc.Arbitrary<Indexing> = fc.constantFrom(...Object.values(INDEXING));
const field = fc.record({ name, value, indexing });
const tableBytes = fc.constantFrom(0, 33, 64, 100, 256, 1000, 4096, 10_000);
const step = fc.record({
  fields: fc.array(field, { maxLength: 12 }),
  limits: fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, fc.array(tableBytes, { maxLength: 3 })),
});
const connection = fc.record({ ours: tableBytes, steps: fc.array(step, { maxLength: 12 }) });

/** hpack.js begins at its limit, as no connection does; and takes size updates up to it. */
const MOST = 10_000;

test('what is encoded is decoded to the same, through evictions and changes of size', () => {
  fc.assert(
    fc.property(connection, ({ ours, steps }) => {
      const writer = new HpackEncoder(ours);
      const reader = decoder(MOST);
      for (const { fields, limits } of steps) {
        for (const limit of limits) writer.limitTable(limit);
        writer.begin();
        for (const one of fields) writer.field(one.name, one.value, one.indexing);

        const headers = decoded(reader, blockOf(writer));

        assert.deepEqual(
          headers,
          fields.flatMap((one) => [one.name, one.value]),
        );
        const secret = fields.filter((one) => one.indexing === INDEXING.never).map((one) => one.name);
        assert.deepEqual(reader.neverIndexed ?? [], [...new Set(secret)]);
      }
    }),
    { numRuns: 500 },
  );
});

test('a block means the same again while the generation stays the same', () => {
  fc.assert(
    fc.property(fc.array(fc.array(fc.tuple(name, value), { maxLength: 6 }), { maxLength: 12 }), (lists) => {
      const writer = new HpackEncoder(200);
      const reader = decoder();
      let kept: { block: Buffer; generation: number; headers: string[] } | undefined;
      for (const headers of lists.map((list) => list.flat())) {
        const before = writer.generation;
        const block = encoded(writer, headers);
        assert.deepEqual(decoded(reader, block), headers);
        if (kept?.generation === writer.generation)
          assert.deepEqual(decoded(reader, kept.block), kept.headers);
        if (writer.generation === before) kept = { block, generation: before, headers };
      }
    }),
    { numRuns: 300 },
  );
});

test('hpack.js reads the same in what we write', () => {
  fc.assert(
    fc.property(connection, ({ ours, steps }) => {
      const writer = new HpackEncoder(ours);
      const other = new OtherDecoder(MOST);
      // Both begin at the same size only when it is said.
      writer.limitTable(0);
      for (const { fields, limits } of steps) {
        for (const limit of limits) writer.limitTable(limit);
        writer.begin();
        for (const one of fields) writer.field(one.name, one.value, one.indexing);

        assert.deepEqual(
          other.decode(blockOf(writer)),
          fields.flatMap((one) => [one.name, one.value]),
        );
        const secret = fields.filter((one) => one.indexing === INDEXING.never).map((one) => one.name);
        assert.deepEqual(other.neverIndexed, secret);
      }
    }),
    { numRuns: 300 },
  );
});

test('we read in what hpack.js writes what was meant', () => {
  const otherField = fc.record({
    name,
    value,
    neverIndex: fc.boolean(),
    incremental: fc.boolean(),
    huffman: fc.boolean(),
  });
  const blocks = fc.array(
    fc.record({ isReset: fc.boolean(), fields: fc.array(otherField, { maxLength: 10 }) }),
  );

  fc.assert(
    fc.property(fc.constantFrom(64, 256, 1000, 4096), blocks, (maxSize, steps) => {
      const other = new OtherEncoder(maxSize);
      const reader = decoder(maxSize);
      for (const { isReset, fields } of steps) {
        const block = Buffer.concat([isReset ? other.reset() : Buffer.alloc(0), other.encode(fields)]);

        assert.deepEqual(
          decoded(reader, block),
          fields.flatMap((one) => [one.name, one.value]),
        );
      }
    }),
    { numRuns: 300 },
  );
});

test('no octets make the decoder throw, and a limit changes neither what is a fault nor the table', () => {
  const mutated = fc
    .tuple(fc.array(fc.tuple(name, value)), fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 }))
    .map(([list, changes]) => {
      const block = encoded(new HpackEncoder(4096), list.flat());
      for (const [at, octet] of changes) if (block.length > 0) block[at % block.length] = octet;
      return block;
    });
  const block = fc.oneof(
    mutated,
    fc.uint8Array({ maxLength: 100 }).map((octets) => Buffer.from(octets)),
  );

  fc.assert(
    fc.property(fc.array(block, { maxLength: 5 }), (blocks) => {
      const wide = decoder();
      const narrow = decoder(4096, { listBytes: 100, fieldBytes: 50, fields: 2 });
      for (const bytes of blocks) {
        const rule = wide.decode(bytes, 0, bytes.length);

        assert.equal(narrow.decode(bytes, 0, bytes.length), rule);
        const { headers, excess } = narrow;
        // Of what is too much it tells the beginning that is within the limits.
        assert.deepEqual(
          headers,
          excess === undefined ? wide.headers : wide.headers.slice(0, headers.length),
        );
        assert.ok(headers.length <= 4 && headers.join('').length <= 100);
      }
      // Each entry that one has, the other has as well.
      for (let index = 62; index < 127; index++) {
        const reference = Buffer.of(0x80 | index);
        assert.equal(narrow.decode(reference, 0, 1), wide.decode(reference, 0, 1));
        if (narrow.excess === undefined) assert.deepEqual(narrow.headers, wide.headers);
      }
    }),
    { numRuns: 1000 },
  );
});

test('what hpack.js refuses is refused, but for what it reads too strictly', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (octets) => {
      const block = Buffer.from(octets);
      const theirs = new OtherDecoder(4096).decode(block);
      const reader = decoder();
      const rule = reader.decode(block, 0, block.length);

      if (rule === undefined) assert.deepEqual(theirs, reader.headers);
      // It takes size updates in any place and number.
      else if (theirs !== null) assert.match(rule, /size-update/);
    }),
    { numRuns: 3000 },
  );
});
