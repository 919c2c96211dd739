import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ERROR_CODE, HTTP2_RULES, http2Fault, peerReset } from '../../../protocols/http2/errors.ts';
import { connectionEnd, streamFailure } from '../../../src/upstream/http2-failure.ts';

const BROKEN = connectionEnd('broken', 'the connection broke');
const STUCK = connectionEnd('stuck', 'the instance does not take what is sent');

test('behind its head a response is cut, whatever ended it, and nothing is sent again', () => {
  const faults = [...HTTP2_RULES.map(http2Fault), peerReset(ERROR_CODE.REFUSED_STREAM), BROKEN, STUCK];
  for (const fault of faults) {
    const { error, repeat } = streamFailure(fault, true, true, true);
    assert.deepEqual([error.name, error.detail, repeat], ['response-cut', fault.detail, 'never']);
  }
});

for (const [what, fault, isInnocent, name, repeat] of [
  ['REFUSED_STREAM', peerReset(ERROR_CODE.REFUSED_STREAM), false, 'connection-lost', 'any'],
  ['GOAWAY', http2Fault('going-away'), false, 'connection-lost', 'any'],
  ['CANCEL', peerReset(ERROR_CODE.CANCEL), true, 'connection-lost', 'never'],
  ['NO_ERROR', peerReset(ERROR_CODE.NO_ERROR), true, 'connection-lost', 'never'],
  ['HTTP_1_1_REQUIRED', peerReset(ERROR_CODE.HTTP_1_1_REQUIRED), true, 'connection-lost', 'never'],
  ['a code that nobody knows', peerReset(0xffff), true, 'connection-lost', 'never'],
  ['the end of a fresh connection', BROKEN, false, 'connection-lost', 'never'],
  ['the end of a kept connection', BROKEN, true, 'connection-lost', 'idempotent'],
  ['a connection that is not read', STUCK, true, 'response-timeout', 'never'],
  ['a rule that was broken', http2Fault('bad-status'), true, 'malformed-response', 'never'],
  ['a rule of the connection', http2Fault('bad-header-block'), true, 'malformed-response', 'never'],
] as const) {
  test(`before the head, ${what} is ${name}, to be repeated: ${repeat}`, () => {
    const failure = streamFailure(fault, false, isInnocent, true);

    assert.deepEqual([failure.error.name, failure.repeat], [name, repeat]);
    assert.ok(failure.error.detail.includes(fault.detail));
  });
}

test('of a rule of the connection that was broken elsewhere, a request has lost its connection', () => {
  for (const isInnocent of [true, false]) {
    const { error, repeat } = streamFailure(http2Fault('bad-header-block'), false, isInnocent, false);

    assert.deepEqual([error.name, repeat], ['connection-lost', isInnocent ? 'idempotent' : 'never']);
    assert.match(error.detail, /bad-header-block/);
  }
});
