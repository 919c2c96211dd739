import { Buffer } from 'node:buffer';
import { bench, do_not_optimize, group, run } from 'mitata';
import { ResponseHead } from '../../protocols/http/message.ts';
import { BodyParser } from '../../protocols/http1/body-parser.ts';
import { DEFAULT_LIMITS } from '../../protocols/http1/limits.ts';
import {
  encodeFields,
  encodeRequestBlock,
  encodeResponseBlock,
  writeChunk,
} from '../../protocols/http1/writer.ts';
import { CountingOutput } from '../counting-output.ts';

/** The cost of finding the end of a body, and of writing heads and chunks. */

let seen = 0;
const parser = new BodyParser(
  {
    bodyData(_bytes, start, end) {
      seen += end - start;
    },
  },
  DEFAULT_LIMITS,
);

group('64 KiB of body', () => {
  for (const [name, chunkBytes] of [
    ['chunks of 64 KiB', 65_536],
    ['chunks of 8 KiB', 8192],
    ['chunks of 64 bytes', 64],
  ] as const) {
    const chunk = `${chunkBytes.toString(16)}\r\n${'x'.repeat(chunkBytes)}\r\n`;
    const bytes = Buffer.from(`${chunk.repeat(65_536 / chunkBytes)}0\r\n\r\n`);
    bench(name, () => {
      parser.startChunked();
      if (parser.receive(bytes, 0, bytes.length) !== bytes.length) throw new Error('not the end');
    });
  }

  const plain = Buffer.alloc(65_536);
  bench('sized', () => {
    parser.startSized(plain.length);
    if (parser.receive(plain, 0, plain.length) !== plain.length) throw new Error('not the end');
  });
});

group('writer', () => {
  const fields = [
    ['server', 'origin', 'content-type', 'text/html; charset=utf-8', 'etag', '"abc"'],
    ['cache-control', 'max-age=60', 'vary', 'accept-encoding', 'x-request-id', '0123456789'],
  ].flat();
  const head = new ResponseHead(200, 'OK', fields, 0);
  const output = new CountingOutput();
  const piece = Buffer.alloc(8192);

  bench('six fields', () => do_not_optimize(encodeFields(fields)));
  bench('response block', () => do_not_optimize(encodeResponseBlock(head)));
  bench('request block', () => do_not_optimize(encodeRequestBlock('GET', '/a/b?c', 'a.example', fields)));
  bench('chunk', () => writeChunk(output, piece, 0, piece.length, undefined));
});

await run();
if (seen === 0) throw new Error('nothing was read');
