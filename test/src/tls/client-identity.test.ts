import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { describe, it } from 'node:test';
import type { TLSSocket } from 'node:tls';
import type { ClientAuthSettings } from '../../../src/core/settings.ts';
import { clientIdentity } from '../../../src/tls/client-identity.ts';
import { ClientAuthority } from '../../support/client-authority.ts';

const authority = new ClientAuthority();
const ASKED: ClientAuthSettings = { mode: 'require', ca: authority.cert, crls: [], headers: false };

/** A socket whose handshake is over; `verdict`: what OpenSSL says, null for good. */
function socketWith(cert: string | undefined, verdict: string | null): TLSSocket {
  return {
    getPeerX509Certificate: () => (cert === undefined ? undefined : new X509Certificate(cert)),
    _handle: {
      verifyError: () => (verdict === null ? null : Object.assign(new Error(verdict), { code: verdict })),
    },
  } as unknown as TLSSocket;
}

describe('clientIdentity', () => {
  const { cert } = authority.issue('till 7');

  it('is verified by OpenSSL alone', () => {
    assert.equal(clientIdentity(socketWith(cert, null), ASKED).isVerified, true);
    for (const [verdict, reason] of [
      ['CERT_REVOKED', 'client-certificate-revoked'],
      ['CERT_HAS_EXPIRED', 'client-certificate-expired'],
      ['CERT_NOT_YET_VALID', 'client-certificate-expired'],
      ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'client-certificate-untrusted'],
      ['CRL_HAS_EXPIRED', 'client-certificate-untrusted'],
    ] as const) {
      const identity = clientIdentity(socketWith(cert, verdict), ASKED);
      assert.equal(identity.isVerified, false, verdict);
      assert.equal(identity.reason, reason);
      assert.equal(identity.certificate?.subject, 'CN=till 7');
    }
  });

  it('is nobody where the verdict cannot be asked for', () => {
    for (const handle of [undefined, null, {}, { verifyError: true }, { verifyError: () => ({}) }]) {
      const socket = Object.assign(socketWith(cert, null), { _handle: handle });
      assert.equal(clientIdentity(socket, ASKED).isVerified, false);
    }
  });

  it('is nobody without a certificate, whatever the verdict', () => {
    const identity = clientIdentity(socketWith(undefined, null), ASKED);

    assert.equal(identity.isVerified, false);
    assert.equal(identity.reason, 'client-certificate-missing');
    assert.equal(identity.certificate, undefined);
  });

  it('ends with its certificate, also in a session that is resumed', () => {
    const end = new X509Certificate(cert).validToDate.getTime();

    assert.equal(clientIdentity(socketWith(cert, null), ASKED, end).isVerified, true);
    const later = clientIdentity(socketWith(cert, null), ASKED, end + 1);
    assert.equal(later.isVerified, false);
    assert.equal(later.reason, 'client-certificate-expired');
  });

  it('has names that may go into a header field, and cannot be taken for others', () => {
    for (const [name, subject] of [
      ['a,CN=root', 'CN=a\\,CN=root'],
      ['a\nCN=root', 'CN=a\\0ACN=root'],
      ['a+b="c"', 'CN=a\\+b=\\"c\\"'],
      ['Kasse Köln', 'CN=Kasse K\\C3\\B6ln'],
      ['点', 'CN=\\E7\\82\\B9'],
    ] as const) {
      const identity = clientIdentity(socketWith(authority.issue(name).cert, null), ASKED);
      assert.equal(identity.certificate?.subject, subject);
      assert.match(subject, /^[\x20-\x7e]+$/);
    }
  });
});
