import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { describe, it } from 'node:test';
import { certificateNames, daysLeft, describeKey, shortName } from '../../../src/tls/certificate-facts.ts';
import { type KeyKind, testAuthority, testCertificate } from '../../support/certificates.ts';

describe('certificateNames', () => {
  it('gives names and addresses in canonical form, each once', () => {
    const names = ['b.example', '*.b.example', '192.0.2.1', '2001:db8::1', 'b.example'];
    const leaf = new X509Certificate(testCertificate(names).cert);

    assert.deepEqual(certificateNames(leaf), ['b.example', '*.b.example', '192.0.2.1', '2001:db8::1']);
  });

  it('reads no second name out of one that holds a separator', () => {
    const subjectAltName = 'DNS:"good.example, DNS:evil.example", DNS:other.example';

    assert.deepEqual(certificateNames({ subjectAltName } as X509Certificate), ['other.example']);
  });

  it('leaves out what is no host', () => {
    const subjectAltName =
      'email:me@a.example, URI:https://b.example/, DNS:c.example, othername:<unsupported>';

    assert.deepEqual(certificateNames({ subjectAltName } as X509Certificate), ['c.example']);
  });

  it('falls back on the common name only without any subjectAltName', () => {
    const subject = 'O=Old PKI\nCN=Old.example';

    assert.deepEqual(certificateNames({ subject } as X509Certificate), ['old.example']);
    assert.deepEqual(
      certificateNames({ subject, subjectAltName: 'email:a@b.example' } as X509Certificate),
      [],
    );
  });
});

describe('describeKey', () => {
  const kinds: readonly (readonly [KeyKind, string])[] = [
    ['ec', 'EC P-256'],
    ['ec-p384', 'EC P-384'],
    ['rsa', 'RSA 2048'],
    ['ed25519', 'Ed25519'],
  ];
  for (const [kind, text] of kinds) {
    it(`calls a key ${text}`, () => {
      const leaf = new X509Certificate(testCertificate(['a.example'], { key: kind }).cert);

      assert.equal(describeKey(leaf.publicKey), text);
    });
  }
});

it('counts whole days, negative behind the end', () => {
  const leaf = new X509Certificate(testCertificate(['a.example'], { untilDays: 10 }).cert);
  const end = leaf.validToDate.getTime();

  assert.equal(daysLeft(leaf, end - 86_400_000), 1);
  assert.equal(daysLeft(leaf, end - 1), 0);
  assert.equal(daysLeft(leaf, end + 1), -1);
});

it('calls an authority by its common name', () => {
  assert.match(shortName(new X509Certificate(testAuthority().cert).subject), /^Portico local CA /);
  assert.equal(shortName('O=Only an organisation\nC=XX'), 'O=Only an organisation');
});
