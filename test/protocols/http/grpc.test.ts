import assert from 'node:assert/strict';
import { test } from 'node:test';
import { grpcMessage, grpcStatus, isGrpc } from '../../../protocols/http/grpc.ts';

const TYPES: readonly (readonly [type: string, isGrpc: boolean])[] = [
  ['application/grpc', true],
  ['application/grpc+proto', true],
  ['application/grpc+json', true],
  ['application/grpc;charset=utf-8', true],
  ['Application/GRPC', true],
  ['application/grpc-web', false],
  ['application/grpc-web+proto', false],
  ['application/grpcx', false],
  ['application/grpc ', false],
  ['application/grp', false],
  ['text/plain', false],
  ['', false],
];

for (const [type, expected] of TYPES) {
  test(`${JSON.stringify(type)} is ${expected ? '' : 'not '}gRPC`, () => {
    assert.equal(isGrpc(['x', 'y', 'content-type', type]), expected);
  });
}

test('a request without a content type is not gRPC', () => {
  assert.equal(isGrpc(['accept', 'application/grpc']), false);
});

test('the statuses of HTTP that Portico answers with have one of gRPC each', () => {
  const statuses = [400, 401, 403, 404, 408, 413, 414, 417, 421, 429, 431, 500, 501, 502, 503, 504, 505, 418];

  assert.deepEqual(
    statuses.map((status) => grpcStatus(status)),
    [13, 16, 7, 12, 4, 8, 8, 13, 2, 14, 8, 13, 13, 14, 14, 4, 13, 2],
  );
});

test('a message is percent-encoded but for printable ASCII', () => {
  assert.equal(grpcMessage(' no-route: a/b "c" ~'), ' no-route: a/b "c" ~');
  assert.equal(grpcMessage('50%'), '50%25');
  assert.equal(grpcMessage('a\r\nb\x7f\0'), 'a%0D%0Ab%7F%00');
  assert.equal(grpcMessage('größe €'), 'gr%C3%B6%C3%9Fe %E2%82%AC');
  assert.equal(grpcMessage('\ud800'), '%EF%BF%BD');
});
