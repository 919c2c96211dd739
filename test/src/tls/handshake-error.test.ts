import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { handshakeErrorReason } from '../../../src/tls/handshake-error.ts';

const CASES: readonly (readonly [code: string, reason: string])[] = [
  ['ECONNRESET', 'client-gone'],
  ['ERR_SSL_NO_SHARED_CIPHER', 'no-shared-cipher'],
  ['ERR_SSL_UNSUPPORTED_PROTOCOL', 'no-shared-version'],
  ['ERR_SSL_NO_APPLICATION_PROTOCOL', 'no-application-protocol'],
  ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', 'client-rejected-certificate'],
  ['ERR_SSL_HTTP_REQUEST', 'not-tls'],
  ['ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC', 'bad-record'],
  ['ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR', 'client-alert-internal-error'],
  ['ERR_SSL_TLSV13_ALERT_MISSING_EXTENSION', 'client-alert-missing-extension'],
  ['ERR_SSL_SOMETHING_NEW', 'handshake-failed'],
];

describe('handshakeErrorReason', () => {
  for (const [code, reason] of CASES) {
    it(`gives ${reason} for ${code}`, () => {
      assert.equal(handshakeErrorReason(Object.assign(new Error('text'), { code })), reason);
    });
  }

  it('has an answer for whatever was thrown', () => {
    for (const thrown of [undefined, null, 'text', 7, {}, { code: 7 }, new Error('no code')]) {
      assert.equal(handshakeErrorReason(thrown), 'handshake-failed');
    }
  });
});
