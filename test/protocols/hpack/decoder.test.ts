import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { describe, it } from 'node:test';
import { HpackEncoder } from '../../../protocols/hpack/encoder.ts';
import { HPACK_RULES, type HpackRule } from '../../../protocols/hpack/errors.ts';
import { INDEXING } from '../../../protocols/hpack/indexing.ts';
import { MAX_REMEMBERED_BLOCKS } from '../../../protocols/hpack/limits.ts';
import { decoded, decoder, encodedAs, enteredBlock, hex, WIDE } from '../../support/hpack-blocks.ts';

describe('faults of the peer', () => {
  const faults: readonly (readonly [what: string, block: string, rule: HpackRule])[] = [
    ['index 0', '80', 'index-zero'],
    ['an index behind the static table when nothing was entered', 'be', 'index-out-of-range'],
    ['a name at an index behind the table', '7f00 0161', 'index-out-of-range'],
    ['a huge index', 'ffff ffff 7f', 'index-out-of-range'],
    ['an integer of five continuation octets', 'ff80 8080 8001', 'integer-too-large'],
    ['an integer of five continuation octets that are all zeros', 'ff80 8080 8000', 'integer-too-large'],
    ['an integer of endless continuation', `ff${'80'.repeat(100)}`, 'integer-too-large'],
    ['an integer cut behind its prefix', 'ff', 'truncated'],
    ['an integer cut in its continuation', 'ff80', 'truncated'],
    ['a literal without value', '4001 61', 'truncated'],
    ['a literal without anything', '40', 'truncated'],
    ['a string longer than the block', '0001 6105 62', 'truncated'],
    ['a string length of almost 2^28', '0001 617f ffff ff7f', 'truncated'],
    ['a Huffman string longer than the block', '0001 6185 a8eb', 'truncated'],
    ['the end-of-string symbol', '0001 6184 ffff ffff', 'bad-huffman'],
    ['the end-of-string symbol behind a letter', '0001 6185 1fff ffff ff', 'bad-huffman'],
    ['eight bits of padding', '0001 6182 1fff', 'bad-huffman'],
    ['padding alone, eight bits', '0001 6181 ff', 'bad-huffman'],
    ['padding that is not all ones', '0001 6181 18', 'bad-huffman'],
    ['a bad Huffman string as name', '0081 ff01 61', 'bad-huffman'],
    ['a size update behind a field', '8220', 'late-size-update'],
    ['a size update at the end', '823f e11f', 'late-size-update'],
    ['three size updates', '2020 20', 'too-many-size-updates'],
    ['a size update above the setting', '3fe2 1f', 'size-update-too-large'],
  ];

  for (const [what, block, rule] of faults) {
    it(`refuses ${what}`, () => {
      const bytes = hex(block);

      assert.equal(decoder().decode(bytes, 0, bytes.length), rule);
    });
  }

  it('covers every rule', () => {
    assert.deepEqual(
      [...new Set(faults.map(([, , rule]) => rule))].toSorted(),
      Object.keys(HPACK_RULES).toSorted(),
    );
  });

  it('are faults within a list that is too long, too', () => {
    for (const [what, block, rule] of faults.filter(([, , rule]) => !rule.includes('size-update'))) {
      const reader = decoder(4096, { ...WIDE, fields: 0 });
      const bytes = Buffer.concat([hex('82'), hex(block)]);

      assert.equal(reader.decode(bytes, 0, bytes.length), rule, what);
    }
  });

  it('leave no list, and end the decoder for good', () => {
    const reader = decoder();
    const good = hex('82');
    const bad = hex('8280');

    assert.equal(reader.decode(bad, 0, bad.length), 'index-zero');
    assert.deepEqual(reader.headers, []);
    assert.equal(reader.decode(good, 0, good.length), 'index-zero');
    assert.deepEqual(reader.headers, []);
  });
});

describe('a block', () => {
  it('is read between its bounds only', () => {
    const reader = decoder();
    const bytes = hex('8082 8480');

    assert.equal(reader.decode(bytes, 1, 3), undefined);
    assert.deepEqual(reader.headers, [':method', 'GET', ':path', '/']);
  });

  it('may be empty', () => {
    assert.deepEqual(decoded(decoder(), Buffer.alloc(0)), []);
  });

  it('hands out names and values as they are: empty, upper-case, with any octet', () => {
    const octets = String.fromCharCode(...Array.from({ length: 256 }, (_, i) => i));

    assert.deepEqual(decoded(decoder(), hex('0000 00')), ['', '']);
    assert.deepEqual(decoded(decoder(), hex('0001 4101 0a')), ['A', '\n']);
    assert.deepEqual(decoded(decoder(), enteredBlock([octets, octets])), [octets, octets]);
  });

  it('may hold a padded empty Huffman string, and integers with leading zeros', () => {
    assert.deepEqual(decoded(decoder(), hex('0080 80')), ['', '']);
    assert.deepEqual(decoded(decoder(), hex('0001 617f 8000'.concat('62'.repeat(127)))), [
      'a',
      'b'.repeat(127),
    ]);
  });

  it('may hold a Huffman string that is longer than the common memory for them', () => {
    const writer = new HpackEncoder(131_072);
    writer.limitTable(131_072);
    const headers = ['x', 'aeiou'.repeat(10_000)];

    const block = encodedAs(writer, headers, INDEXING.index);

    assert.ok(block.length < 40_000);
    assert.deepEqual(decoded(decoder(131_072), block), headers);
  });

  it('reports each never-indexed name once', () => {
    const reader = decoder();

    decoded(reader, hex('1001 6101 31 1001 6101 32 1001 6201 33 0001 6301 34'));

    assert.deepEqual(reader.neverIndexed, ['a', 'b']);
  });
});

describe('the dynamic table', () => {
  it('takes the larger size of an acknowledged setting only after a size update', () => {
    const value = 'v'.repeat(5000);
    const entry = Buffer.concat([hex('4001 617f 8926'), Buffer.from(value)]);
    const reference = hex('be');
    const waiting = decoder(8192);
    const told = decoder(8192);

    decoded(waiting, entry);
    decoded(told, Buffer.concat([hex('3fe1 3f'), entry]));

    assert.equal(waiting.decode(reference, 0, 1), 'index-out-of-range');
    assert.deepEqual(decoded(told, reference), ['a', value]);
  });

  it('is emptied by size 0 and used again at the size that follows', () => {
    const reader = decoder();

    decoded(reader, enteredBlock(['a', '1']));
    assert.deepEqual(decoded(reader, Buffer.concat([hex('203f e11f'), enteredBlock(['b', '2'])])), [
      'b',
      '2',
    ]);
    assert.deepEqual(decoded(reader, hex('be')), ['b', '2']);
    assert.equal(reader.decode(hex('bf'), 0, 1), 'index-out-of-range');
  });

  it('is emptied by an entry that is larger than it', () => {
    const reader = decoder();

    decoded(reader, enteredBlock(['a', '1']));
    decoded(reader, Buffer.concat([hex('4001 627f 811f'), Buffer.alloc(4096, 'v')]));

    assert.equal(reader.decode(hex('be'), 0, 1), 'index-out-of-range');
  });

  it('may evict the entry whose name a new one takes', () => {
    const reader = decoder(64);

    decoded(reader, enteredBlock(['name', 'v'.repeat(20)]));

    assert.deepEqual(decoded(reader, hex('7e01 77')), ['name', 'w']);
    assert.deepEqual(decoded(reader, hex('be')), ['name', 'w']);
  });
});

describe('limits', () => {
  const block = enteredBlock(['a', '1', 'b', '2', 'c', '3']);

  it('admit what just fits, and count 32 for each field', () => {
    const reader = decoder(4096, { listBytes: 3 * 34, fieldBytes: 2, fields: 3 });

    assert.deepEqual(decoded(reader, block), ['a', '1', 'b', '2', 'c', '3']);
  });

  for (const [excess, change, before] of [
    ['list-too-large', { listBytes: 3 * 34 - 1 }, ['a', '1', 'b', '2']],
    ['field-too-long', { fieldBytes: 1 }, []],
    ['too-many-fields', { fields: 2 }, ['a', '1', 'b', '2']],
  ] as const) {
    it(`report ${excess} with what came before, and the table stays in step`, () => {
      const reader = decoder(4096, { listBytes: 3 * 34, fieldBytes: 2, fields: 3, ...change });

      assert.equal(reader.decode(block, 0, block.length), undefined);
      assert.equal(reader.excess, excess);
      assert.deepEqual(reader.headers, before);

      // The entries are there, behind the limit as well: the next block may use them.
      if (excess !== 'field-too-long') {
        assert.deepEqual(decoded(reader, hex('bec0')), ['c', '3', 'a', '1']);
      }
    });
  }

  it('count empty fields, too', () => {
    const reader = decoder(4096, { ...WIDE, listBytes: 3200 });
    const empty = Buffer.alloc(3 * 101);

    assert.equal(reader.decode(empty, 0, empty.length), undefined);
    assert.equal(reader.excess, 'list-too-large');
  });

  it('leave no never-indexed names of a list that is too long', () => {
    const reader = decoder(4096, { ...WIDE, fields: 1 });
    const bytes = hex('1001 6101 31 1001 6201 32 1001 6301 33');

    reader.decode(bytes, 0, bytes.length);

    assert.equal(reader.excess, 'too-many-fields');
    assert.equal(reader.neverIndexed, undefined);
  });

  it('report nothing of a block before', () => {
    const reader = decoder(4096, { ...WIDE, fields: 1 });
    reader.decode(hex('8284'), 0, 2);

    assert.deepEqual(decoded(reader, hex('82')), [':method', 'GET']);
  });
});

describe('a repeated block', () => {
  it('gives the same list again, with its never-indexed names', () => {
    const reader = decoder();
    const bytes = hex('82 1001 6101 31');
    const other = hex('84');

    const first = decoded(reader, bytes);
    decoded(reader, other);
    assert.equal(reader.neverIndexed, undefined);

    assert.equal(decoded(reader, hex('8282 1001 6101 31').subarray(1)), first);
    assert.deepEqual(reader.neverIndexed, ['a']);
  });

  it('is read anew when it refers to a table that has changed in between', () => {
    const reader = decoder();
    decoded(reader, enteredBlock(['a', '1']));

    assert.deepEqual(decoded(reader, hex('be')), ['a', '1']);
    decoded(reader, enteredBlock(['b', '2']));
    assert.deepEqual(decoded(reader, hex('be')), ['b', '2']);
  });

  it('is the same list for a block that refers to nothing in the table, and enters its fields each time', () => {
    const reader = decoder();
    const entering = enteredBlock(['a', '1', 'b', '2']);

    const entered = decoded(reader, entering);
    decoded(reader, enteredBlock(['c', '3']));
    assert.equal(decoded(reader, entering), entered);

    const newestFirst = ['be', 'bf', 'c0', 'c1', 'c2'].map((reference) => decoded(reader, hex(reference)));
    assert.deepEqual(newestFirst, [
      ['b', '2'],
      ['a', '1'],
      ['c', '3'],
      ['b', '2'],
      ['a', '1'],
    ]);
  });

  it('is read anew when it enters a field under a name that the table has', () => {
    const reader = decoder();
    decoded(reader, enteredBlock(['a', '1']));
    const sameName = hex('7e 01 32');

    assert.deepEqual(decoded(reader, sameName), ['a', '2']);
    decoded(reader, enteredBlock(['b', '1']));
    assert.deepEqual(decoded(reader, sameName), ['b', '2']);
  });

  it('is read anew when the table had changed before another block was remembered', () => {
    const reader = decoder();
    decoded(reader, enteredBlock(['a', '1', 'b', '2']));
    for (const known of ['be', 'bf']) decoded(reader, hex(known));

    decoded(reader, enteredBlock(['c', '3']));

    assert.deepEqual(decoded(reader, hex('be')), ['c', '3']);
    assert.deepEqual(decoded(reader, hex('bf')), ['b', '2']);
  });

  it('is read anew after a size update that left the table empty', () => {
    const reader = decoder();
    decoded(reader, enteredBlock(['a', '1']));
    decoded(reader, hex('be'));
    decoded(reader, hex('20'));

    assert.equal(reader.decode(hex('be'), 0, 1), 'index-out-of-range');
  });

  it('is not confused with one of the same length', () => {
    const reader = decoder();
    const long = (last: string) => Buffer.from(`\0\x01a\x50${'v'.repeat(79)}${last}`, 'latin1');

    assert.deepEqual(decoded(reader, hex('82')), [':method', 'GET']);
    assert.deepEqual(decoded(reader, hex('83')), [':method', 'POST']);
    assert.deepEqual(decoded(reader, long('1')), ['a', `${'v'.repeat(79)}1`]);
    assert.deepEqual(decoded(reader, long('2')), ['a', `${'v'.repeat(79)}2`]);
  });

  it('does not depend on the memory that it came in', () => {
    const reader = decoder();
    const bytes = hex('82');

    decoded(reader, bytes);
    bytes[0] = 0x83;

    assert.deepEqual(decoded(reader, bytes), [':method', 'POST']);
  });

  it('is forgotten behind a few others', () => {
    const reader = decoder();
    const blocks = Array.from({ length: MAX_REMEMBERED_BLOCKS + 1 }, (_, i) => Buffer.of(0x82 + i));

    const lists = blocks.map((block) => decoded(reader, block));

    assert.equal(decoded(reader, blocks[1]!), lists[1]);
    assert.notEqual(decoded(reader, blocks[0]!), lists[0]);
  });

  it('is told to be too long again when it was', () => {
    const reader = decoder(4096, { ...WIDE, fields: 1 });
    reader.decode(hex('8284'), 0, 2);
    reader.decode(hex('8284'), 0, 2);

    assert.equal(reader.excess, 'too-many-fields');
  });
});
