import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ResponseHead } from '../../../protocols/http/message.ts';
import {
  blockHasTe,
  encodeFields,
  encodeLastChunk,
  encodeRequestBlock,
  encodeResponseBlock,
  writeChunk,
} from '../../../protocols/http1/writer.ts';
import { octets, RecordingOutput } from '../../support/recording-output.ts';

test('a request block is the request line, Host and the fields, without the empty line', () => {
  assert.equal(
    encodeRequestBlock('GET', '/a?b', 'a.example:80', ['x', '1', 'y', '']),
    'GET /a?b HTTP/1.1\r\nhost: a.example:80\r\nx: 1\r\ny: \r\n',
  );
});

test('te goes last in a request block, where it is seen', () => {
  const block = encodeRequestBlock('GET', '/', 'a', ['te', 'trailers', 'x', 'te']);

  assert.equal(block, 'GET / HTTP/1.1\r\nhost: a\r\nx: te\r\nte: trailers\r\n');
  assert.equal(blockHasTe(block), true);
  for (const headers of [[], ['x-te', 'trailers'], ['x', 'te: trailers']])
    assert.equal(blockHasTe(encodeRequestBlock('GET', '/', 'a', headers)), false);
});

test('a request without authority has an empty Host', () => {
  assert.equal(encodeRequestBlock('GET', '/', '', []), 'GET / HTTP/1.1\r\nhost: \r\n');
});

test('a response block has the reason that was given, else the registered one, else none', () => {
  assert.equal(
    encodeResponseBlock(new ResponseHead(404, 'Gone fishing', [], 0)),
    'HTTP/1.1 404 Gone fishing\r\n',
  );
  assert.equal(
    encodeResponseBlock(new ResponseHead(404, '', ['x', 'y'], 0)),
    'HTTP/1.1 404 Not Found\r\nx: y\r\n',
  );
  assert.equal(encodeResponseBlock(new ResponseHead(299, '', [], 0)), 'HTTP/1.1 299 \r\n');
});

test('fields keep their order and their number', () => {
  assert.equal(encodeFields([]), '');
  assert.equal(encodeFields(['a', '1', 'b', '2', 'a', '3']), 'a: 1\r\nb: 2\r\na: 3\r\n');
});

test('a chunk is its size in hexadecimal, its bytes and a line end', () => {
  const output = new RecordingOutput();
  const owner = { retain() {}, release() {} };

  writeChunk(output, octets(`<${'x'.repeat(26)}>`), 1, 27, owner);

  assert.equal(output.take(), `1a\r\n${'x'.repeat(26)}\r\n`);
  assert.deepEqual(output.owners, [owner]);
});

test('the last chunk carries the trailers', () => {
  assert.equal(encodeLastChunk([]), '0\r\n\r\n');
  assert.equal(encodeLastChunk(['x', '1']), '0\r\nx: 1\r\n\r\n');
});
