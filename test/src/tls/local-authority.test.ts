import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { type CertificateHost, parseCertificateHost } from '../../../src/tls/certificate-host.ts';
import { createAuthority, isLocallyIssued, openLocalAuthority } from '../../../src/tls/local-authority.ts';
import { testCertificate } from '../../support/certificates.ts';
import { opensslMissing } from '../../support/outside-judge.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const NOW = Date.now();
const DAY_MS = 86_400_000;

describe('openLocalAuthority', () => {
  it('makes the directory and the authority on first use, and finds them afterwards', (test) => {
    const directory = join(temporaryDirectory(test), 'deep', 'certs');

    const made = openLocalAuthority(directory, NOW);
    const found = openLocalAuthority(directory, NOW);

    assert.equal(made.created, true);
    assert.equal(found.created, false);
    assert.equal(found.certificate, made.certificate);
    assert.deepEqual(readdirSync(directory).sort(), ['local-ca.key', 'local-ca.pem']);
  });

  it('keeps its key to the owner', (test) => {
    const directory = temporaryDirectory(test);

    openLocalAuthority(directory, NOW);

    assert.equal(statSync(join(directory, 'local-ca.key')).mode & 0o777, 0o600);
  });

  it('is an authority for ten years', (test) => {
    const { certificate } = openLocalAuthority(temporaryDirectory(test), NOW);

    const parsed = new X509Certificate(certificate);

    assert.equal(parsed.ca, true);
    assert.ok(parsed.verify(parsed.publicKey));
    assert.equal(Math.round((parsed.validToDate.getTime() - NOW) / DAY_MS), 3652);
  });

  it('never replaces half of itself', (test) => {
    for (const lost of ['local-ca.key', 'local-ca.pem']) {
      const directory = temporaryDirectory(test);
      openLocalAuthority(directory, NOW);
      rmSync(join(directory, lost));

      assert.throws(() => openLocalAuthority(directory, NOW), new RegExp(`lacks .*${lost}`));
    }
  });

  it('says what is wrong with what it finds', (test) => {
    const directory = temporaryDirectory(test);
    const write = (pair: { cert: string; key: string }) => {
      writeFileSync(join(directory, 'local-ca.pem'), pair.cert);
      writeFileSync(join(directory, 'local-ca.key'), pair.key);
    };
    const authority = createAuthority(NOW);

    write({ cert: authority.cert, key: createAuthority(NOW).key });
    assert.throws(() => openLocalAuthority(directory, NOW), /does not belong to its key/);
    write(testCertificate(['leaf.example']));
    assert.throws(() => openLocalAuthority(directory, NOW), /is not an authority/);
    write(testCertificate(['leaf.example'], { key: 'rsa' }));
    assert.throws(() => openLocalAuthority(directory, NOW), /not EC P-256/);
    write({ cert: 'rubbish', key: 'rubbish' });
    assert.throws(() => openLocalAuthority(directory, NOW), /cannot be read/);
    write(authority);
    assert.throws(() => openLocalAuthority(directory, NOW + 4000 * DAY_MS), /has expired/);
  });
});

describe('the certificates of the local authority', () => {
  const NAMES = ['shop.example.org', '*.example.org', '127.0.0.1', '::1', '2001:db8::abcd:0'];

  it('hold all names as clients look for them', (test) => {
    const { cert } = openLocalAuthority(temporaryDirectory(test), NOW).issue(hosts(NAMES), NOW);

    const leaf = new X509Certificate(cert);

    for (const name of ['shop.example.org', 'other.example.org']) assert.ok(leaf.checkHost(name), name);
    for (const address of ['127.0.0.1', '::1', '2001:db8::abcd:0']) assert.ok(leaf.checkIP(address), address);
    assert.equal(leaf.checkHost('a.b.example.org'), undefined);
    assert.equal(leaf.checkIP('::2'), undefined);
  });

  it('are for servers only, belong to their keys, and are not valid for more than 397 days', (test) => {
    const pair = openLocalAuthority(temporaryDirectory(test), NOW).issue(hosts(NAMES), NOW);

    const leaf = new X509Certificate(pair.cert);

    assert.equal(leaf.ca, false);
    assert.deepEqual(leaf.keyUsage, ['1.3.6.1.5.5.7.3.1']);
    const life = leaf.validToDate.getTime() - leaf.validFromDate.getTime();
    assert.ok(life > 396 * DAY_MS && life <= 397 * DAY_MS);
    assert.ok(leaf.validFromDate.getTime() < NOW, 'for clocks that run behind');
    assert.match(pair.key, /^-----BEGIN PRIVATE KEY-----/);
  });

  it('have positive serial numbers of 128 bits, all different', (test) => {
    const authority = openLocalAuthority(temporaryDirectory(test), NOW);

    const serials = Array.from(
      { length: 50 },
      () => new X509Certificate(authority.issue(hosts(['a.example']), NOW).cert).serialNumber,
    );

    assert.equal(new Set(serials).size, 50);
    for (const serial of serials) assert.match(serial, /^[4-7][0-9A-F]{31}$/);
  });

  it('take a name too long for a common name, and dates beyond 2049', (test) => {
    const directory = temporaryDirectory(test);
    const later = Date.UTC(2055, 0, 1);
    const long = `${'a'.repeat(60)}.${'b'.repeat(60)}.example`;

    const { cert } = openLocalAuthority(directory, later).issue(hosts([long]), later);

    const leaf = new X509Certificate(cert);
    assert.ok(leaf.checkHost(long));
    assert.equal(leaf.validToDate.getUTCFullYear(), 2056);
  });

  it('need a host', (test) => {
    const authority = openLocalAuthority(temporaryDirectory(test), NOW);

    assert.throws(() => authority.issue([], NOW), /needs a host/);
  });

  it('are told from those of others', (test) => {
    const authority = openLocalAuthority(temporaryDirectory(test), NOW);

    assert.equal(isLocallyIssued(authority.issue(hosts(['a.example']), NOW).cert), true);
    assert.equal(isLocallyIssued(testCertificate(['a.example'], { intermediate: true }).cert), false);
    assert.equal(isLocallyIssued('rubbish'), false);
  });

  it('verify strictly by the openssl command', { skip: opensslMissing }, (test) => {
    const directory = temporaryDirectory(test);
    const authority = openLocalAuthority(directory, NOW);
    const leafFile = join(directory, 'leaf.pem');
    writeFileSync(leafFile, authority.issue(hosts(NAMES), NOW).cert);

    const verify = spawnSync('openssl', [
      'verify',
      ...['-x509_strict', '-purpose', 'sslserver', '-verify_hostname', 'shop.example.org'],
      ...['-CAfile', authority.certificateFile, leafFile],
    ]);

    assert.equal(verify.status, 0, String(verify.stderr));
  });

  it('show their extensions to the openssl command', { skip: opensslMissing }, (test) => {
    const directory = temporaryDirectory(test);
    const authority = openLocalAuthority(directory, NOW);
    const leafFile = join(directory, 'leaf.pem');
    writeFileSync(leafFile, authority.issue(hosts(NAMES), NOW).cert);
    const textOf = (file: string) =>
      String(spawnSync('openssl', ['x509', '-in', file, '-noout', '-text']).stdout);

    const leaf = textOf(leafFile);
    const root = textOf(authority.certificateFile);

    assert.match(leaf, /Basic Constraints: critical\s+CA:FALSE/);
    assert.match(leaf, /Key Usage: critical\s+Digital Signature\n/);
    assert.match(leaf, /Extended Key Usage:\s+TLS Web Server Authentication\n/);
    assert.match(root, /Basic Constraints: critical\s+CA:TRUE/);
    assert.match(root, /Key Usage: critical\s+Certificate Sign, CRL Sign\n/);
    assert.equal(identifier(leaf, 'Authority'), identifier(root, 'Subject'));
  });
});

function identifier(text: string, kind: 'Authority' | 'Subject'): string {
  return new RegExp(`${kind} Key Identifier:\\s+(?:keyid:)?([0-9A-F:]{59})`).exec(text)![1]!;
}

function hosts(names: readonly string[]): CertificateHost[] {
  return names.map((name) => parseCertificateHost(name)!);
}
