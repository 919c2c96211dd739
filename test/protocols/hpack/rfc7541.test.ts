/** The examples of RFC 7541, appendix C. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { HpackDecoder } from '../../../protocols/hpack/decoder.ts';
import { HpackEncoder } from '../../../protocols/hpack/encoder.ts';
import { INDEXING } from '../../../protocols/hpack/indexing.ts';
import { decoded, decoder, encodedAs, hex, WIDE } from '../../support/hpack-blocks.ts';

type Example = readonly [wire: string, ...fields: string[]];

const requestFields = [
  [':method', 'GET', ':scheme', 'http', ':path', '/', ':authority', 'www.example.com'],
  [
    ':method',
    'GET',
    ':scheme',
    'http',
    ':path',
    '/',
    ':authority',
    'www.example.com',
    'cache-control',
    'no-cache',
  ],
  [
    ...[':method', 'GET', ':scheme', 'https', ':path', '/index.html', ':authority', 'www.example.com'],
    ...['custom-key', 'custom-value'],
  ],
] as const;

const DATE = 'Mon, 21 Oct 2013 20:13:21 GMT';
const LATER = 'Mon, 21 Oct 2013 20:13:22 GMT';
const LOCATION = 'https://www.example.com';
const COOKIE = 'foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1';
const responseFields = [
  [':status', '302', 'cache-control', 'private', 'date', DATE, 'location', LOCATION],
  [':status', '307', 'cache-control', 'private', 'date', DATE, 'location', LOCATION],
  [
    ...[':status', '200', 'cache-control', 'private', 'date', LATER, 'location', LOCATION],
    ...['content-encoding', 'gzip', 'set-cookie', COOKIE],
  ],
] as const;

/** Each is one connection. */
const connections: Readonly<Record<string, { tableBytes: number; blocks: readonly Example[] }>> = {
  'C.2.1, a literal that is entered': {
    tableBytes: 4096,
    blocks: [
      ['400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572', 'custom-key', 'custom-header'],
    ],
  },
  'C.2.2, a literal that is not entered': {
    tableBytes: 4096,
    blocks: [['040c 2f73 616d 706c 652f 7061 7468', ':path', '/sample/path']],
  },
  'C.2.3, a literal that is never indexed': {
    tableBytes: 4096,
    blocks: [['1008 7061 7373 776f 7264 0673 6563 7265 74', 'password', 'secret']],
  },
  'C.2.4, a reference': { tableBytes: 4096, blocks: [['82', ':method', 'GET']] },
  'C.3, requests without Huffman code': {
    tableBytes: 4096,
    blocks: [
      ['8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d', ...requestFields[0]],
      ['8286 84be 5808 6e6f 2d63 6163 6865', ...requestFields[1]],
      ['8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65', ...requestFields[2]],
    ],
  },
  'C.4, requests with Huffman code': {
    tableBytes: 4096,
    blocks: [
      ['8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff', ...requestFields[0]],
      ['8286 84be 5886 a8eb 1064 9cbf', ...requestFields[1]],
      ['8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf', ...requestFields[2]],
    ],
  },
  'C.5, responses without Huffman code, with evictions': {
    tableBytes: 256,
    blocks: [
      [
        `4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3120 474d 54
         6e17 6874 7470 733a 2f2f 7777 772e 6578 616d 706c 652e 636f 6d`,
        ...responseFields[0],
      ],
      ['4803 3330 37c1 c0bf', ...responseFields[1]],
      [
        `88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d 54c0 5a04 677a 6970 7738 666f 6f3d
         4153 444a 4b48 514b 425a 584f 5157 454f 5049 5541 5851 5745 4f49 553b 206d 6178 2d61 6765 3d33 3630 303b 2076 6572
         7369 6f6e 3d31`,
        ...responseFields[2],
      ],
    ],
  },
  'C.6, responses with Huffman code, with evictions': {
    tableBytes: 256,
    blocks: [
      [
        `4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718 63c7 8f0b
         97c8 e9ae 82ae 43d3`,
        ...responseFields[0],
      ],
      ['4883 640e ffc1 c0bf', ...responseFields[1]],
      [
        `88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2 e6c7 b335 dfdf
         cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07`,
        ...responseFields[2],
      ],
    ],
  },
};

for (const [name, { tableBytes, blocks }] of Object.entries(connections)) {
  it(`decodes ${name}`, () => {
    const reader = new HpackDecoder(tableBytes, WIDE);

    for (const [wire, ...fields] of blocks) assert.deepEqual(decoded(reader, octetsOf(wire)), fields);
  });
}

it('reports the field of C.2.3 as never indexed, and no other', () => {
  const reader = decoder();

  decoded(reader, hex('1008 7061 7373 776f 7264 0673 6563 7265 74'));
  assert.deepEqual(reader.neverIndexed, ['password']);
  decoded(reader, hex('040c 2f73 616d 706c 652f 7061 7468'));
  assert.equal(reader.neverIndexed, undefined);
});

it('encodes the requests of C.4 to the same octets', () => {
  const writer = new HpackEncoder(4096);

  for (const [wire, ...fields] of connections['C.4, requests with Huffman code']!.blocks)
    assert.equal(encodedAs(writer, fields, INDEXING.index).toString('hex'), octetsOf(wire).toString('hex'));
});

it('encodes the responses of C.6 to the same octets, behind the size of its table, but for a string that is no shorter', () => {
  const writer = new HpackEncoder(256);
  const texts = connections['C.6, responses with Huffman code, with evictions']!.blocks.map(([wire]) =>
    octetsOf(wire).toString('hex'),
  );

  const blocks = responseFields.map((fields) => encodedAs(writer, fields, INDEXING.index).toString('hex'));

  assert.equal(blocks[0], `3fe101${texts[0]}`);
  // 307 takes three octets either way.
  assert.equal(blocks[1], texts[1]!.replace('4883640eff', '4803333037'));
  assert.equal(blocks[2], texts[2]);
});

function octetsOf(wire: string): Buffer {
  return hex(wire.replaceAll(/\s/g, ''));
}
