import assert from 'node:assert/strict';
import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { type CertificateProblem, checkCertificates } from '../../../src/tls/certificate-check.ts';
import { issueCertificate } from '../../../src/tls/issue-certificate.ts';
import { encodePem, splitPem } from '../../../src/tls/pem.ts';
import {
  certificateSettings,
  testAuthority,
  testCertificate,
  testIntermediate,
} from '../../support/certificates.ts';

const NOW = Date.now();
const DAY_MS = 86_400_000;
const FIXTURES = `${import.meta.dirname}/../../fixtures/tls`;

describe('checkCertificates', () => {
  it('is content with EC, RSA and Ed25519 keys, with and without a chain', () => {
    const settings = [
      certificateSettings(testCertificate(['a.example'])),
      certificateSettings(testCertificate(['b.example'], { key: 'ec-p384' })),
      certificateSettings(testCertificate(['c.example'], { key: 'rsa' })),
      certificateSettings(testCertificate(['d.example'], { key: 'ed25519' })),
      certificateSettings(testCertificate(['e.example'], { intermediate: true })),
    ];

    const check = checkCertificates(settings, NOW);

    assert.deepEqual(check.problems, []);
    assert.deepEqual(check.hosts, [
      ['a.example'],
      ['b.example'],
      ['c.example'],
      ['d.example'],
      ['e.example'],
    ]);
  });

  it('answers with the configured hosts where there are some, else with all names of the certificate', () => {
    const pair = testCertificate(['shop.example.org', '*.shop.example.org', '192.0.2.1', '2001:db8::1']);

    const { hosts } = checkCertificates(
      [certificateSettings(pair, { hosts: ['eu.shop.example.org'] }), certificateSettings(pair)],
      NOW,
    );

    assert.deepEqual(hosts, [
      ['eu.shop.example.org'],
      ['shop.example.org', '*.shop.example.org', '192.0.2.1', '2001:db8::1'],
    ]);
  });

  it('finds a key that belongs to another certificate', () => {
    const cert = testCertificate(['a.example']).cert;
    const { key } = testCertificate(['b.example']);

    assertProblem(check({ cert, key }), 'key', 'error', /does not belong to the certificate/);
  });

  it('finds a key of another type than the certificate', () => {
    const cert = testCertificate(['a.example']).cert;
    const { key } = testCertificate(['b.example'], { key: 'rsa' });

    assertProblem(check({ cert, key }), 'key', 'error', /does not belong to the certificate/);
  });

  it('says of an encrypted key how to decrypt it', () => {
    const { cert } = testCertificate(['a.example']);
    const key = '-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n-----END ENCRYPTED PRIVATE KEY-----\n';

    const problem = assertProblem(check({ cert, key }), 'key', 'error', /encrypted/);

    assert.match(problem.hint!, /openssl pkey/);
  });

  it('knows the encryption of traditional key files too', () => {
    const { cert } = testCertificate(['a.example']);
    const key =
      '-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nMIIB\n-----END EC PRIVATE KEY-----\n';

    assertProblem(check({ cert, key }), 'key', 'error', /encrypted/);
  });

  it('finds files without PEM, with the wrong PEM and with broken PEM', () => {
    const { cert, key } = testCertificate(['a.example']);
    const brokenCert = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
    const brokenKey = '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n';

    assertProblem(check({ cert: '', key }), 'cert', 'error', /no certificate in PEM/);
    assertProblem(check({ cert: key, key }), 'cert', 'error', /a private key but no certificate/);
    assertProblem(
      check({ cert: brokenCert, key }),
      'cert',
      'error',
      /certificate 1 of the file cannot be read/,
    );
    assertProblem(check({ cert: cert + brokenCert, key }), 'cert', 'error', /certificate 2 of the file/);
    assertProblem(check({ cert, key: cert }), 'key', 'error', /no private key in PEM/);
    assertProblem(check({ cert, key: brokenKey }), 'key', 'error', /cannot be read/);
  });

  it('finds a chain with a stranger in it', () => {
    const { cert, key } = testCertificate(['a.example']);

    const problem = assertProblem(
      check({ cert: cert + testIntermediate().cert, key }),
      'cert',
      'error',
      /the certificate was not issued by the next one in the file \(Test intermediate\)/,
    );

    assert.match(problem.hint!, /leaf first/);
  });

  it('finds a broken link behind the leaf', () => {
    const { cert, key } = testCertificate(['a.example'], { intermediate: true });
    const stranger = testCertificate(['stranger.example']).cert;

    assertProblem(
      check({ cert: cert + stranger, key }),
      'cert',
      'error',
      /chain certificate 1 \(Test intermediate\)/,
    );
  });

  it('takes a chain that goes up to its root', () => {
    const { cert, key } = testCertificate(['a.example'], { intermediate: true });

    assert.deepEqual(check({ cert: cert + testAuthority().cert, key }), []);
  });

  it('finds a leaf that is not the first of its file', () => {
    const { cert, key } = testCertificate(['a.example']);

    const problems = check({ cert: testAuthority().cert + cert, key });

    assert.ok(problems.some(({ message }) => /belongs to a certificate that is not the first/.test(message)));
  });

  it('finds an issuer that has the right name but not the right key', () => {
    const { cert, key } = testCertificate(['a.example'], { intermediate: true });
    const [leaf] = cert.split(/(?<=-----END CERTIFICATE-----\n)/);
    const impostor = impostorOf('Test intermediate');

    assertProblem(check({ cert: leaf! + impostor, key }), 'cert', 'error', /was not issued by/);
  });

  it('finds a signature that is not that of the issuer', () => {
    const { cert, key } = testCertificate(['a.example'], { intermediate: true });
    const [leaf, intermediate] = splitPem(cert, 'CERTIFICATE');
    const der = new X509Certificate(leaf!).raw;
    // The last byte belongs to the signature.
    der[der.length - 1]! ^= 1;

    assertProblem(
      check({ cert: encodePem('CERTIFICATE', der) + intermediate, key }),
      'cert',
      'error',
      /was not issued by/,
    );
  });

  it('finds a broken hash, and a certificate whose only name is its common name', () => {
    const fixture = (suffix: string) => readFileSync(`${FIXTURES}/sha1-common-name.${suffix}`, 'utf8');

    const { problems, hosts } = checkCertificates(
      [certificateSettings({ cert: fixture('pem'), key: fixture('key') })],
      NOW,
    );

    assert.deepEqual(hosts, [['old.example']]);
    assert.deepEqual(
      problems.map(({ severity }) => severity),
      ['error', 'warning'],
    );
    assert.match(problems[0]!.message, /broken hash: ecdsa-with-SHA1/i);
    assert.match(problems[1]!.message, /no subjectAltName/);
  });

  it('finds an expired certificate', () => {
    const pair = testCertificate(['a.example'], { untilDays: -1 });

    assertProblem(check(pair), 'cert', 'error', /the certificate expired on \d{4}-\d\d-\d\d/);
  });

  it('finds a certificate whose time has not come', () => {
    const pair = testCertificate(['a.example'], { fromDays: 1 });

    assertProblem(check(pair), 'cert', 'error', /is not valid before/);
  });

  it('finds an expired member of the chain', () => {
    const { cert, key } = testCertificate(['a.example'], { intermediate: true, untilDays: 1000 });

    const { problems } = checkCertificates([certificateSettings({ cert, key })], NOW + 400 * DAY_MS);

    assertProblem(problems, 'cert', 'error', /chain certificate 1 \(Test intermediate\) expired/);
  });

  it('warns from the last 21 days on', () => {
    const pair = testCertificate(['a.example'], { untilDays: 90 });
    const at = (days: number) => checkCertificates([certificateSettings(pair)], NOW + days * DAY_MS).problems;

    assert.deepEqual(at(68), []);
    assertProblem(at(80), 'cert', 'warning', /expires in (9|10) days/);
  });

  it('finds configured hosts that the certificate does not cover', () => {
    const pair = testCertificate(['shop.example.org', '*.example.net']);
    const hosts = ['shop.example.org', 'a.example.net', 'a.b.example.net', 'example.net', '*.example.org'];

    const { problems } = checkCertificates([certificateSettings(pair, { hosts })], NOW);

    const problem = assertProblem(
      problems,
      'cert',
      'error',
      /does not cover a\.b\.example\.net, example\.net, \*\.example\.org/,
    );
    assert.equal(problem.hint, 'it is for shop.example.org, *.example.net');
  });

  it('compares IPv6 addresses by value', () => {
    const pair = testCertificate(['2001:db8::1']);
    const hosts = ['2001:0db8:0:0::1'];

    assert.deepEqual(checkCertificates([certificateSettings(pair, { hosts })], NOW).problems, []);
  });

  it('finds keys too weak or of a kind that TLS does not use', () => {
    assertProblem(
      check(testCertificate(['a.example'], { key: 'rsa-1024' })),
      'cert',
      'error',
      /weak key: RSA 1024/,
    );
    assertProblem(
      check(testCertificate(['a.example'], { key: 'ec-secp256k1' })),
      'cert',
      'error',
      /a key that TLS cannot use here: EC secp256k1/,
    );
  });

  it('finds a certificate that names nobody, unless it is the default or that of a VIP', () => {
    const pair = testCertificate([]);

    const lonely = checkCertificates([certificateSettings(pair)], NOW).problems;
    const fallback = checkCertificates([certificateSettings(pair, { isDefault: true })], NOW).problems;
    const atVip = checkCertificates([certificateSettings(pair, { vips: ['10.1.2.3'] })], NOW).problems;

    assertProblem(lonely, 'cert', 'error', /names no host/);
    assert.deepEqual(fallback, []);
    assert.deepEqual(atVip, []);
  });

  it('finds a host with two certificates, with both places', () => {
    const pair = testCertificate(['a.example', 'b.example']);
    const settings = [
      certificateSettings(pair, { certFile: 'one.pem' }),
      certificateSettings(pair, { certFile: 'two.pem', hosts: ['b.example'] }),
    ];

    const { problems } = checkCertificates(settings, NOW);

    const problem = assertProblem(
      problems,
      'cert',
      'error',
      /b\.example has two certificates: one\.pem and two\.pem/,
    );
    assert.equal(problem.index, 1);
  });

  it('finds a second default', () => {
    const settings = ['one', 'two'].map((name) =>
      certificateSettings(testCertificate([`${name}.example`]), { certFile: `${name}.pem`, isDefault: true }),
    );

    const problem = assertProblem(
      checkCertificates(settings, NOW).problems,
      'cert',
      'error',
      /two default certificates: one\.pem and two\.pem/,
    );

    assert.equal(problem.index, 1);
  });

  it('reports every problem of every certificate', () => {
    const expired = testCertificate(['a.example'], { untilDays: -1 });
    const settings = [
      certificateSettings(expired, { hosts: ['other.example'], key: '' } as never),
      certificateSettings(expired),
    ];

    const { problems } = checkCertificates(settings, NOW);

    assert.deepEqual(
      problems.map(({ index, field }) => [index, field]),
      [
        [0, 'key'],
        [0, 'cert'],
        [0, 'cert'],
        [1, 'cert'],
      ],
    );
  });

  it('never quotes key material', () => {
    const { cert } = testCertificate(['a.example']);
    const key = '-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n';

    assert.doesNotMatch(JSON.stringify(check({ cert, key })), /c2VjcmV0/);
  });
});

function check(pair: { cert: string; key: string }): readonly CertificateProblem[] {
  return checkCertificates([certificateSettings(pair)], NOW).problems;
}

/** A self-signed authority that has taken another's name. */
function impostorOf(commonName: string): string {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const notBefore = NOW - DAY_MS;
  return issueCertificate(
    { commonName, publicKey, profile: { kind: 'authority' }, notBefore, notAfter: NOW + 90 * DAY_MS },
    { certificate: undefined, privateKey },
  );
}

/** There is exactly one problem, and it is this one. */
function assertProblem(
  problems: readonly CertificateProblem[],
  field: 'cert' | 'key',
  severity: 'error' | 'warning',
  message: RegExp,
): CertificateProblem {
  assert.equal(problems.length, 1, JSON.stringify(problems));
  assert.equal(problems[0]!.field, field);
  assert.equal(problems[0]!.severity, severity);
  assert.match(problems[0]!.message, message);
  return problems[0]!;
}
