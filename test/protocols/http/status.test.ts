import assert from 'node:assert/strict';
import { STATUS_CODES } from 'node:http';
import { test } from 'node:test';
import { isIdempotent } from '../../../protocols/http/method.ts';
import { isBodiless, reasonPhrase } from '../../../protocols/http/status.ts';

test('reason phrases are those of the platform where RFC 9110 has not renamed them', () => {
  const renamed = new Set([413, 418, 422, 425, 509, 510]);
  for (const [status, reason] of Object.entries(STATUS_CODES)) {
    if (!renamed.has(Number(status))) assert.equal(reasonPhrase(Number(status)), reason, status);
  }
  assert.equal(reasonPhrase(413), 'Content Too Large');
  assert.equal(reasonPhrase(422), 'Unprocessable Content');
});

test('an unregistered status has no reason phrase', () => {
  assert.equal(reasonPhrase(299), '');
});

test('1xx, 204 and 304 never have a body', () => {
  const bodiless = Array.from({ length: 500 }, (_, i) => i + 100).filter(isBodiless);
  assert.deepEqual(
    bodiless.filter((status) => status >= 200),
    [204, 304],
  );
  assert.equal(bodiless.length, 102);
});

test('only methods that RFC 9110 calls idempotent are', () => {
  const methods = [
    'GET',
    'HEAD',
    'OPTIONS',
    'TRACE',
    'PUT',
    'DELETE',
    'POST',
    'PATCH',
    'CONNECT',
    'get',
    'constructor',
  ];
  assert.deepEqual(methods.filter(isIdempotent), ['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']);
});
