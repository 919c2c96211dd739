import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sentenceOf } from '../../../src/core/sentence-of.ts';

test('what failed of the system is told by the file that was asked for, and the reason', () => {
  for (const [fields, expected] of [
    [{ code: 'EACCES', path: 'certs/local-ca.key.4711.tmp' }, 'certs/local-ca.key: permission denied'],
    [{ code: 'ECONNREFUSED' }, 'connection refused'],
    [{ code: 'EOTHER', path: 'certs' }, 'as Node says it'],
    [
      { code: 'EADDRINUSE', message: 'listen EADDRINUSE: address already in use ::1:80' },
      'address already in use ::1:80',
    ],
    [{}, 'as Node says it'],
  ] as const) {
    assert.equal(sentenceOf(Object.assign(new Error('as Node says it'), fields)), expected);
  }
});
