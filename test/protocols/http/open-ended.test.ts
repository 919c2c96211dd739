import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isOpenEnded } from '../../../protocols/http/open-ended.ts';

for (const [type, expected] of [
  ['text/event-stream', true],
  ['text/event-stream;charset=utf-8', true],
  ['Text/Event-Stream ; charset=utf-8', true],
  ['application/grpc', true],
  ['application/grpc+proto', true],
  ['Application/gRPC-web-text; x=y', true],
  ['text/event-streams', false],
  ['application/grpcs', false],
  ['text/plain; x=text/event-stream', false],
  ['', false],
] as const) {
  test(`${JSON.stringify(type)} is ${expected ? 'what may be silent' : 'due to its end'}`, () => {
    assert.equal(isOpenEnded(['x', 'y', 'content-type', type]), expected);
  });
}

test('a response without a content type is due to its end', () => {
  assert.equal(isOpenEnded(['accept', 'text/event-stream']), false);
});
