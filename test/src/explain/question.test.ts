import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { test } from 'node:test';
import { DEFAULT_LIMITS } from '../../../protocols/http1/limits.ts';
import { RequestParser } from '../../../protocols/http1/request-parser.ts';
import { FAULTY } from '../../../protocols/http1/section-parser.ts';
import { readQuestion } from '../../../src/explain/question.ts';

// What is refused before anything is decided has no explanation, but a sentence that says so: the parser of requests is asked too.

const PATHS = [
  '/a',
  '/a?%zz',
  '/a?"',
  '/%zz',
  '/a%',
  '/a%2',
  '/a"b',
  '/a<',
  '/a>b',
  '/a\\b',
  '/[]{}|^`',
  '/%00',
];
const METHODS = ['GET', 'get', 'TRACE', 'CONNECT', 'A B', 'FOO!'];
const FIELDS = [
  'expect: 100-Continue',
  'expect: 200-ok',
  'expect:',
  'content-length: 0',
  'content-length: +1',
  'content-length: 1, 1',
  'transfer-encoding: gzip',
  'transfer-encoding: gzip, chunked',
  'x y: 1',
  'x: a\x7f',
  'x: a\tb',
  ': a',
  'host: b.example:80',
  'host: b example',
  'host:',
];

for (const [what, question] of [
  ...PATHS.map((path) => [path, { path }] as const),
  ...METHODS.map((method) => [method, { method }] as const),
  ...FIELDS.map((field) => [field, { field }] as const),
]) {
  const {
    path = '/a',
    method = 'GET',
    field,
  } = { path: undefined, method: undefined, field: undefined, ...question };
  const text = `${method} ${path} HTTP/1.1\r\n${field?.startsWith('host:') ? '' : 'host: a.example\r\n'}${field === undefined ? '' : `${field}\r\n`}\r\n`;
  const parser = new RequestParser(DEFAULT_LIMITS);
  const isRefused = parser.receive(Buffer.from(text, 'latin1'), 0, text.length) === FAULTY;

  test(`a request with ${JSON.stringify(what)} is ${isRefused ? 'no question' : 'explained'}`, () => {
    const read = readQuestion({
      url: `http://a.example${path}`,
      method,
      headers: field === undefined ? [] : [field],
    });

    assert.equal(typeof read === 'string', isRefused, JSON.stringify(read));
  });
}

test('fields that frame a request are shown to nobody, so that no condition finds them', () => {
  const headers = ['Content-Length: 5', 'Transfer-Encoding: chunked', 'Expect: 100-continue', 'X-Other: 1'];

  const read = readQuestion({ url: 'http://a.example/', headers });

  assert.ok(typeof read !== 'string');
  assert.deepEqual(read.headers, [['x-other', '1']]);
});

test('a name in the handshake is read as a ClientHello is', () => {
  for (const [sni, serverName] of [
    ['A.Example.', 'a.example'],
    ['192.0.2.1', ''],
    ['', ''],
  ] as const) {
    const read = readQuestion({ url: 'https://b.example/', headers: [], sni });

    assert.ok(typeof read !== 'string');
    assert.equal(read.serverName, serverName);
  }
});
