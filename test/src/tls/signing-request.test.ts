import assert from 'node:assert/strict';
import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { describe, it } from 'node:test';
import { parseCertificateHost } from '../../../src/tls/certificate-host.ts';
import { makeSigningRequest } from '../../../src/tls/signing-request.ts';
import { type KeyKind, testCertificate } from '../../support/certificates.ts';
import { openssl } from '../../support/openssl.ts';
import { opensslMissing } from '../../support/outside-judge.ts';

const KEYS: Readonly<Record<string, KeyObject>> = {
  'P-256': keyOf('ec'),
  'P-384': keyOf('ec-p384'),
  'P-521': generateKeyPairSync('ec', { namedCurve: 'P-521' }).privateKey,
  RSA: keyOf('rsa'),
  Ed25519: keyOf('ed25519'),
};

describe('makeSigningRequest', { skip: opensslMissing }, () => {
  for (const [name, key] of Object.entries(KEYS)) {
    it(`is verified by openssl with a key of ${name}`, () => {
      const text = openssl(['req', '-verify', '-noout', '-text'], request(['a.example'], key));

      assert.match(text, /verify OK/i);
      assert.match(text, /Subject: CN = a\.example\n/);
    });
  }

  it('asks for all hosts, with addresses as addresses', () => {
    const hosts = ['shop.example', '*.shop.example', '192.0.2.7', '2001:db8::7'];

    const text = openssl(['req', '-noout', '-text'], request(hosts, KEYS['P-256']!));

    assert.match(
      text,
      /DNS:shop\.example, DNS:\*\.shop\.example, IP Address:192\.0\.2\.7, IP Address:2001:DB8:0:0:0:0:0:7\n/,
    );
  });

  it('has no common name when the first host is too long for one', () => {
    const long = `${'a'.repeat(60)}.example`;

    const text = openssl(['req', '-verify', '-noout', '-text'], request([long], KEYS['P-256']!));

    assert.match(text, /Subject: ?\n/);
    assert.match(text, new RegExp(`DNS:${long}`));
  });
});

describe('makeSigningRequest without openssl', () => {
  it('refuses a key that no certificate for TLS can have, and a list without hosts', () => {
    assert.throws(() => request(['a.example'], keyOf('ec-secp256k1')), /this key: secp256k1/);
    assert.throws(() => request([], KEYS['P-256']!), /needs a host/);
  });
});

function request(hosts: readonly string[], key: KeyObject): string {
  return makeSigningRequest(
    hosts.map((host) => parseCertificateHost(host)!),
    key,
  );
}

function keyOf(kind: KeyKind): KeyObject {
  return createPrivateKey(testCertificate(['a.example'], { key: kind }).key);
}
