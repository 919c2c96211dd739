import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { type CertsPorts, runCerts } from '../../../src/cli/certs.ts';
import { certificateNames } from '../../../src/tls/certificate-facts.ts';
import { testCertificate } from '../../support/certificates.ts';
import { opensslMissing } from '../../support/outside-judge.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const NOW = Date.now();
const DAY_MS = 86_400_000;

describe('certs create', () => {
  it('issues one certificate for all hosts, named after the first', (test) => {
    const directory = temporaryDirectory(test);

    const { code, out } = run([
      'create',
      'Shop.Example.org',
      '*.shop.example.org',
      '127.0.0.1',
      '--dir',
      directory,
    ]);

    assert.equal(code, 0);
    assert.match(out, /issued for shop\.example\.org, \*\.shop\.example\.org, 127\.0\.0\.1/);
    assert.deepEqual(namesIn(join(directory, 'shop.example.org.pem')), [
      'shop.example.org',
      '*.shop.example.org',
      '127.0.0.1',
    ]);
    assert.equal(statSync(join(directory, 'shop.example.org.key')).mode & 0o777, 0o600);
  });

  it('says how to trust the authority when it has just been made, and not again', (test) => {
    const directory = temporaryDirectory(test);

    const first = run(['create', 'a.example', '--dir', directory]);
    const second = run(['create', 'b.example', '--dir', directory]);

    assert.match(first.out, new RegExp(`curl --cacert ${join(directory, 'local-ca.pem')}`));
    assert.doesNotMatch(second.out, /--cacert/);
  });

  it('spells wildcards and addresses so that every file system takes them', (test) => {
    const directory = temporaryDirectory(test);

    run(['create', '*.example.org', '--dir', directory]);
    run(['create', '::1', '--dir', directory]);

    assert.ok(existsSync(join(directory, '_wildcard.example.org.pem')));
    assert.ok(existsSync(join(directory, '__1.pem')));
  });

  it('takes another name for the files', (test) => {
    const directory = temporaryDirectory(test);

    run(['create', 'a.example', '--dir', directory, '--name', 'default']);

    assert.deepEqual(readdirSync(directory).sort(), [
      'default.key',
      'default.pem',
      'local-ca.key',
      'local-ca.pem',
    ]);
  });

  it('renews what a local authority has issued', (test) => {
    const directory = temporaryDirectory(test);
    run(['create', 'a.example', '--dir', directory]);

    const { code } = run(['create', 'a.example', 'b.example', '--dir', directory]);

    assert.equal(code, 0);
    assert.deepEqual(namesIn(join(directory, 'a.example.pem')), ['a.example', 'b.example']);
  });

  it('never replaces a certificate of other origin, nor a key whose certificate is elsewhere', (test) => {
    const directory = temporaryDirectory(test);
    const foreign = testCertificate(['a.example'], { intermediate: true });
    writeFileSync(join(directory, 'a.example.pem'), foreign.cert);
    writeFileSync(join(directory, 'b.example.key'), foreign.key);

    for (const [host, file] of [
      ['a.example', 'a.example.pem'],
      ['b.example', 'b.example.key'],
    ] as const) {
      const { code, err } = run(['create', host, '--dir', directory]);

      assert.equal(code, 1);
      assert.match(err, new RegExp(`${file} is not from a local CA`));
    }
    assert.equal(readFileSync(join(directory, 'a.example.pem'), 'utf8'), foreign.cert);
    assert.equal(readFileSync(join(directory, 'b.example.key'), 'utf8'), foreign.key);
  });

  it('says why a host cannot be certified, and makes nothing', (test) => {
    const directory = join(temporaryDirectory(test), 'certs');
    const cases: readonly (readonly [host: string, hint: RegExp])[] = [
      ['https://a.example/', /without scheme/],
      ['a.example:443', /without port/],
      ['[::1]', /without port and brackets/],
      ['bücher.example', /xn--/],
      ['*.com', /a wildcard is/],
      ['a.*.example', /a wildcard is/],
      ['a b', /neither a DNS name nor an IP address/],
      ['', /neither/],
    ];

    for (const [host, hint] of cases) {
      const { code, err } = run(['create', 'good.example', host, '--dir', directory]);

      assert.equal(code, 2, host);
      assert.match(err, hint, host);
    }
    assert.equal(existsSync(directory), false);
  });

  it('refuses names of files that leave the directory or are taken', (test) => {
    const directory = temporaryDirectory(test);

    for (const name of ['../a', 'a/b', '.hidden', '', 'local-ca']) {
      assert.equal(run(['create', 'a.example', '--dir', directory, `--name=${name}`]).code, 2, name);
    }
    assert.equal(run(['create', 'local-ca', '--dir', directory]).code, 2);
    assert.deepEqual(readdirSync(directory), []);
  });

  it('issues for the days and with the key that are asked for', (test) => {
    const directory = temporaryDirectory(test);

    const { out } = run(['create', 'a.example', '--dir', directory, '--days', '7', '--key-type', 'rsa']);

    const leaf = new X509Certificate(readFileSync(join(directory, 'a.example.pem')));
    assert.match(out, /good for 7 days/);
    assert.equal(Math.round((leaf.validToDate.getTime() - NOW) / DAY_MS), 7);
    assert.equal(leaf.publicKey.asymmetricKeyType, 'rsa');
    assert.equal(
      leaf.checkPrivateKey(createPrivateKey(readFileSync(join(directory, 'a.example.key')))),
      true,
    );
  });

  it('refuses days that no client accepts', (test) => {
    const directory = join(temporaryDirectory(test), 'certs');

    for (const days of ['0', '397', '1.5', '1e2', '-1', '', 'ten', '99999999']) {
      const { code, err } = run(['create', 'a.example', '--dir', directory, `--days=${days}`]);

      assert.equal(code, 2, days);
      assert.match(err, /from 1 to 396/);
    }
    assert.equal(existsSync(directory), false);
  });

  it('issues for a client, who is not taken for a server', (test) => {
    const directory = temporaryDirectory(test);

    const { code, out } = run(['create', '--client', 'Zoë at work', '--dir', directory]);

    assert.equal(code, 0);
    assert.match(out, /issued for client Zoë at work/);
    const file = join(directory, 'Zo__at_work.pem');
    const leaf = new X509Certificate(readFileSync(file));
    assert.equal(leaf.subject, 'CN=Zoë at work');
    assert.deepEqual(leaf.keyUsage, ['1.3.6.1.5.5.7.3.2']);
    assert.equal(leaf.subjectAltName, undefined);
  });

  it('says which names of clients it takes', (test) => {
    const directory = join(temporaryDirectory(test), 'certs');
    const at = ['--dir', directory];

    assert.match(run(['create', 'a.example', '--client', 'b', ...at]).err, /not for both/);
    for (const name of ['', 'a\nb', 'x'.repeat(65)])
      assert.match(run(['create', `--client=${name}`, ...at]).err, /1 to 64 printable/);
    assert.match(run(['create', '--client', '.hidden', ...at]).err, /choose another with --name/);
    assert.equal(existsSync(directory), false);
  });

  it('has its certificates accepted by openssl for what they are for', { skip: opensslMissing }, (test) => {
    const directory = temporaryDirectory(test);
    run(['create', 'a.example', '*.b.example', '::1', '2001:db8::1', '192.0.2.1', '--dir', directory]);
    run(['create', '--client', 'alice', '--dir', directory, '--key-type', 'rsa']);
    const verify = (file: string, ...args: string[]): string => {
      const ca = join(directory, 'local-ca.pem');
      const { stdout, stderr } = spawnSync(
        'openssl',
        ['verify', '-x509_strict', '-CAfile', ca, ...args, join(directory, file)],
        { encoding: 'utf8' },
      );
      return stdout + stderr;
    };

    for (const check of [
      ['-verify_hostname', 'a.example'],
      ['-verify_hostname', 'x.b.example'],
      ['-verify_ip', '0:0:0:0:0:0:0:1'],
      ['-verify_ip', '2001:db8:0:0::1'],
      ['-verify_ip', '192.0.2.1'],
    ])
      assert.match(verify('a.example.pem', '-purpose', 'sslserver', ...check), /: OK/, check.join(' '));
    assert.match(verify('a.example.pem', '-verify_hostname', 'x.y.b.example'), /mismatch/);
    assert.match(verify('alice.pem', '-purpose', 'sslclient'), /: OK/);
    assert.match(verify('alice.pem', '-purpose', 'sslserver'), /purpose/);
    assert.match(verify('a.example.pem', '-purpose', 'sslclient'), /purpose/);
  });

  it('reports an authority that cannot be used', (test) => {
    const directory = temporaryDirectory(test);
    writeFileSync(join(directory, 'local-ca.pem'), 'rubbish');

    const { code, err } = run(['create', 'a.example', '--dir', directory]);

    assert.equal(code, 1);
    assert.match(err, /lacks .*local-ca\.key/);
  });
});

describe('certs', () => {
  it('answers arguments it does not know with its usage', () => {
    const wrong = [
      [],
      ['renew'],
      ['create'],
      ['create', 'a.example', '--json'],
      ['create', 'a.example', '--key-type', 'dsa'],
      ['create', 'a.example', '--out', 'certs'],
      ['csr', 'a.example', '--days', '3'],
      ['csr', 'a.example', '--key-type', 'dsa'],
      ['import'],
      ['import', 'a.p12', 'b.p12'],
      ['import', 'a.p12', '--dir', 'certs'],
    ];

    for (const args of wrong) {
      const { code, err } = run(args);

      assert.equal(code, 2, args.join(' '));
      assert.match(
        err,
        args.length === 1 && args[0] === 'create' ? /at least one host/ : /usage: portico certs create/,
      );
    }
  });
});

function run(
  args: readonly string[],
  ports: Partial<CertsPorts> = {},
): { code: number; out: string; err: string } {
  let out = '';
  let err = '';
  const code = runCerts(
    args,
    { write: (text) => (out += text) },
    { write: (text) => (err += text) },
    {
      password: undefined,
      askPassword: undefined,
      now: () => NOW,
      ...ports,
    },
  );
  return { code: code as number, out, err };
}

function namesIn(file: string): string[] {
  return certificateNames(new X509Certificate(readFileSync(file)));
}
