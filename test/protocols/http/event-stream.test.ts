import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isEventStream } from '../../../protocols/http/event-stream.ts';

for (const [type, expected] of [
  ['text/event-stream', true],
  ['text/event-stream;charset=utf-8', true],
  ['Text/Event-Stream ; charset=utf-8', true],
  ['text/event-streams', false],
  ['text/plain; x=text/event-stream', false],
  ['', false],
] as const) {
  test(`${JSON.stringify(type)} is ${expected ? 'a' : 'no'} stream of events`, () => {
    assert.equal(isEventStream(['x', 'y', 'content-type', type]), expected);
  });
}

test('a response without a content type is no stream of events', () => {
  assert.equal(isEventStream(['accept', 'text/event-stream']), false);
});
