import assert from 'node:assert/strict';
import { it } from 'node:test';
import { backendTlsReason, isTlsFault } from '../../../src/tls/backend-tls-reason.ts';

it('a reason never holds a code', () => {
  for (const [cause, reason] of [
    ['CERT_HAS_EXPIRED', "the instance's certificate has expired"],
    ['ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR', 'the instance refused the handshake (internal error)'],
    ['ERR_SSL_SOMETHING_NEW', 'the handshake failed'],
    ['ended', 'the instance ended the handshake'],
  ] as const) {
    assert.equal(backendTlsReason(cause), reason);
  }
});

it('what breaks below TLS is not its fault', () => {
  assert.equal(isTlsFault('ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC'), true);
  assert.equal(isTlsFault('ECONNRESET'), false);
});
