import assert from 'node:assert/strict';
import { test } from 'node:test';
import { responseTimeoutMs } from '../../../src/core/response-timeout.ts';
import { requestHead } from '../../support/finished-exchange.ts';

const TIMEOUTS = { connectMs: 1, responseHeaderMs: 60_000, idleMs: 1 };

function timeoutOf(value: string | undefined, type = 'application/grpc', method = 'POST'): number {
  const headers = ['content-type', type, ...(value === undefined ? [] : ['grpc-timeout', value])];
  return responseTimeoutMs(requestHead({ method, headers }), TIMEOUTS);
}

test('a call whose deadline is later than responseHeader has until then', () => {
  assert.equal(timeoutOf('5M'), 300_000);
  assert.equal(timeoutOf('60001m', 'application/grpc+proto'), 60_001);
});

test('a call whose deadline is earlier is left to its client, and cannot be used against an instance', () => {
  for (const value of ['1n', '0S', '59S', '60S']) assert.equal(timeoutOf(value), 60_000, value);
});

test('a call without a deadline, or with a malformed one, has responseHeader', () => {
  for (const value of [undefined, '', '5m5', 'forever', '999999999H']) assert.equal(timeoutOf(value), 60_000);
});

test('the longest deadline is the longest duration there is', () => {
  assert.equal(timeoutOf('99999999H'), 2 ** 31 - 1);
});

test('other requests cannot prolong anything', () => {
  assert.equal(timeoutOf('5M', 'text/plain'), 60_000);
  assert.equal(timeoutOf('5M', 'application/grpc', 'GET'), 60_000);
});
