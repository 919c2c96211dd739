import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertEndToEnd, copyEndToEnd } from '../../../protocols/http/hop-by-hop.ts';

function forwarded(headers: readonly string[]): string[] {
  const target: string[] = [];
  copyEndToEnd(headers, target);
  return target;
}

test('end-to-end fields are copied in their order, repeated ones too', () => {
  const headers = ['accept', '*/*', 'cookie', 'a', 'x', '1', 'cookie', 'b', '__proto__', 'p'];
  assert.deepEqual(forwarded(headers), headers);
});

for (const name of [
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
  'proxy-authenticate',
  'proxy-authorization',
]) {
  test(`${name} is not forwarded`, () => {
    assert.deepEqual(forwarded(['a', '1', name, 'x', 'b', '2']), ['a', '1', 'b', '2']);
  });
}

test('fields named by Connection are not forwarded, in any case and by any of its fields', () => {
  const headers = ['x-a', '1', 'connection', 'X-A, close', 'x-b', '2', 'connection', 'x-B', 'x-c', '3'];
  assert.deepEqual(forwarded(headers), ['x-c', '3']);
});

test('Connection names whole fields, not beginnings of them', () => {
  assert.deepEqual(forwarded(['connection', 'x', 'x-a', '1', 'x', '2']), ['x-a', '1']);
});

test('names of object members are not taken for named ones', () => {
  assert.deepEqual(forwarded(['connection', 'x', 'constructor', '1', 'has', '2']), [
    'constructor',
    '1',
    'has',
    '2',
  ]);
});

test('what was in the target stays', () => {
  const target = ['via', '1.1 portico'];
  copyEndToEnd(['a', '1'], target);
  assert.deepEqual(target, ['via', '1.1 portico', 'a', '1']);
});

test('a list that goes out as it is has no field of a connection', () => {
  for (const name of ['connection', 'keep-alive', 'proxy-connection', 'te', 'upgrade', 'transfer-encoding'])
    for (const status of [0, 200])
      assert.throws(() => assertEndToEnd(['a', '1', name, 'x'], status), /field/, name);
});

test('a list that goes out as it is may say te: trailers in a request, and what to upgrade to in a 426', () => {
  assertEndToEnd(['te', 'trailers', 'x-connection', 'close']);
  assertEndToEnd(['upgrade', 'websocket'], 426);
  assert.throws(() => assertEndToEnd(['te', 'gzip']), /field te/);
  assert.throws(() => assertEndToEnd(['te', 'trailers'], 200), /field te/);
  assert.throws(() => assertEndToEnd(['upgrade', 'h2c']), /field upgrade/);
});

test('a list that goes out as it is is a good list', () => {
  assert.throws(() => assertEndToEnd(['a', 'b\r\nc: d']), /invalid value/);
});
