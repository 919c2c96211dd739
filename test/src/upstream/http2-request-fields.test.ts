import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ForwardRequest } from '../../../src/core/upstream.ts';
import { isTunnelRequest, requestFields, tunnelHeaders } from '../../../src/upstream/http2-request-fields.ts';

const KEY = ['sec-websocket-key', 'dGhlIHNhbXBsZSBub25jZQ=='];
const ACCEPT = ['sec-websocket-accept', 's3pPLMBiTxaQ9kYGzzhZRbK+xOo='];

function request(upgrade: string, headers: readonly string[] = [], bodyLength = 0): ForwardRequest {
  return new ForwardRequest(
    'GET',
    '/chat?a',
    'a.example:8080',
    headers,
    bodyLength,
    upgrade,
    new Set(['x-secret']),
    false,
  );
}

test('a request keeps what it has, and gets the scheme of its connection', () => {
  assert.deepEqual(requestFields(request('', ['a', 'b', ...KEY], 5), 'https'), {
    method: 'GET',
    scheme: 'https',
    authority: 'a.example:8080',
    path: '/chat?a',
    headers: ['a', 'b', ...KEY],
    bodyLength: 5,
    protocol: '',
    neverIndexed: new Set(['x-secret']),
  });
});

test('a WebSocket is an extended CONNECT without the key', () => {
  const { method, protocol, headers } = requestFields(
    request('websocket', ['a', 'b', ...KEY, 'sec-websocket-version', '13']),
    'http',
  );

  assert.deepEqual([method, protocol], ['CONNECT', 'websocket']);
  assert.deepEqual(headers, ['a', 'b', 'sec-websocket-version', '13']);
});

test('any other upgrade is none', () => {
  for (const upgrade of ['echo', 'websocket/13', '']) {
    assert.equal(isTunnelRequest(request(upgrade)), false);
    const { method, protocol } = requestFields(request(upgrade), 'http');
    assert.deepEqual([method, protocol], ['GET', '']);
  }
});

test('the fields are made once for each scheme', () => {
  const asked = request('');
  const fields = requestFields(asked, 'http');

  assert.equal(requestFields(asked, 'http'), fields);
  assert.notEqual(requestFields(asked, 'https'), fields);
  assert.equal(requestFields(asked, 'https').scheme, 'https');
});

test('the head of a tunnel has the answer to the key of its client, if that has one, and no other', () => {
  const fields = ['x-own', '1', 'sec-websocket-accept', 'nonsense', 'sec-websocket-protocol', 'chat'];
  const rest = ['x-own', '1', 'sec-websocket-protocol', 'chat'];

  assert.deepEqual(tunnelHeaders(request('websocket', KEY), fields), [...rest, ...ACCEPT]);
  assert.deepEqual(tunnelHeaders(request('websocket'), fields), rest);
});
