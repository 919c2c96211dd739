import { Buffer } from 'node:buffer';
import { bench, do_not_optimize, group, run } from 'mitata';
import { HpackDecoder } from '../../protocols/hpack/decoder.ts';
import { HpackEncoder } from '../../protocols/hpack/encoder.ts';
import { encodeString } from '../../protocols/hpack/string-literal.ts';
import type { HeaderList } from '../../protocols/http/header-list.ts';

/** The cost of one request's header section of twelve fields, and of strings with and without the Huffman code. */

const limits = { listBytes: 65_536, fieldBytes: 16_384, fields: 200 };
const request: HeaderList = [
  [':method', 'GET'],
  [':scheme', 'https'],
  [':authority', 'shop.example.org'],
  [':path', '/'],
  ['sec-ch-ua', '"Chromium";v="142", "Not_A Brand";v="99"'],
  ['user-agent', 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0'],
  ['accept', 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8'],
  ['sec-fetch-site', 'same-origin'],
  ['sec-fetch-mode', 'navigate'],
  ['x-page', 'https://shop.example.org/catalogue/shoes'],
  ['accept-encoding', 'gzip, deflate, br, zstd'],
  ['accept-language', 'en-GB,en;q=0.9'],
].flat();

/** The section as a new connection sends it, and as it is sent from then on. */
const writer = new HpackEncoder(4096);
const first = encode(writer, request);
const repeated = encode(writer, request);

group(`decode, all indexed, ${repeated.length} bytes`, () => {
  const again = decoderThatKnows();
  bench('the same block again', () => {
    again.decode(repeated, 0, repeated.length);
    return do_not_optimize(again.headers);
  });

  // Six blocks in turn are more than are remembered: each is the same but for its method and path.
  const fresh = [0x82, 0x83].flatMap((method) => [0x84, 0x85, 0x86].map((other) => variant(method, other)));
  const parsing = decoderThatKnows();
  let turn = 0;
  bench('another block each time', () => {
    turn = (turn + 1) % fresh.length;
    parsing.decode(fresh[turn]!, 0, repeated.length);
    return do_not_optimize(parsing.headers);
  });
});

group(`decode, Huffman literals, ${first.length} bytes`, () => {
  const decoder = new HpackDecoder(4096, limits);
  bench('entered into the table', () => {
    decoder.decode(first, 0, first.length);
    return do_not_optimize(decoder.headers);
  });
});

group('encode', () => {
  const known = new HpackEncoder(4096);
  encode(known, request);
  bench('all indexed', () => {
    known.begin();
    known.list(request, undefined);
    return do_not_optimize(known.length);
  });

  const small = new HpackEncoder(512);
  bench('Huffman literals, entered into a table that is too small for them', () => {
    small.begin();
    small.list(request, undefined);
    return do_not_optimize(small.length);
  });

  const secret = new Set(request.filter((_, i) => i % 2 === 0));
  bench('raw literals', () => {
    known.begin();
    known.list(request, secret);
    return do_not_optimize(known.length);
  });
});

for (const length of [12, 40, 400]) {
  const text = 'id=5f2c81/9ab7-e40d; '.repeat(20).slice(0, length);
  const target = Buffer.alloc(1024);
  const coded = encodeString(target, 0, text, true);
  group(`string of ${length} octets, Huffman ${coded}`, () => {
    bench('raw', () => do_not_optimize(encodeString(target, 0, text, false)));
    bench('Huffman', () => do_not_optimize(encodeString(target, 0, text, true)));
  });
}

await run();

function encode(encoder: HpackEncoder, headers: HeaderList): Buffer {
  encoder.begin();
  encoder.list(headers, undefined);
  return Buffer.from(encoder.buffer.subarray(0, encoder.length));
}

function decoderThatKnows(): HpackDecoder {
  const decoder = new HpackDecoder(4096, limits);
  decoder.decode(first, 0, first.length);
  return decoder;
}

function variant(method: number, other: number): Buffer {
  const block = Buffer.from(repeated);
  block[0] = method;
  block[1] = other;
  return block;
}
