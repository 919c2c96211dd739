import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { createSigningRequest } from '../../../src/cli/certs-csr.ts';
import { testCertificate } from '../../support/certificates.ts';
import { openssl } from '../../support/openssl.ts';
import { opensslMissing } from '../../support/outside-judge.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

type Wishes = Partial<Parameters<typeof createSigningRequest>[0]>;

describe('certs csr', () => {
  it('makes a key that others cannot read, and a request for it', { skip: opensslMissing }, (test) => {
    const directory = join(temporaryDirectory(test), 'certs');

    const { code, out } = run(['*.Shop.example', 'shop.example', '::1'], { directory });

    assert.equal(code, 0);
    assert.match(out, /a request for \*\.shop\.example, shop\.example, ::1, by a key of EC P-256:\n/);
    assert.deepEqual(readdirSync(directory).sort(), [
      '_wildcard.shop.example.csr',
      '_wildcard.shop.example.key',
    ]);
    const file = (suffix: string) => join(directory, `_wildcard.shop.example.${suffix}`);
    assert.equal(statSync(file('key')).mode & 0o777, 0o600);
    const text = openssl(['req', '-verify', '-noout', '-text', '-in', file('csr')]);
    assert.match(text, /verify OK/i);
    assert.match(text, /DNS:\*\.shop\.example, DNS:shop\.example, IP Address:0:0:0:0:0:0:0:1/);
    assert.equal(
      openssl(['pkey', '-pubout', '-in', file('key')]),
      openssl(['req', '-pubkey', '-noout', '-in', file('csr')]),
    );
  });

  it('makes an RSA key when told to', (test) => {
    assert.match(
      run(['a.example'], { directory: temporaryDirectory(test), keyType: 'rsa' }).out,
      /by a key of RSA 2048:/,
    );
  });

  it('takes a key that there is, and leaves it alone', { skip: opensslMissing }, (test) => {
    const directory = temporaryDirectory(test);
    const keyFile = join(directory, 'old.key');
    const { key } = testCertificate(['a.example'], { key: 'ec-p384' });
    writeFileSync(keyFile, key);

    const { code, out } = run(['a.example'], { directory, keyFile });

    assert.equal(code, 0);
    assert.match(out, /by a key of EC P-384:/);
    assert.deepEqual(readdirSync(directory).sort(), ['a.example.csr', 'old.key']);
    assert.equal(readFileSync(keyFile, 'utf8'), key);
    assert.match(
      openssl(['req', '-verify', '-noout', '-in', join(directory, 'a.example.csr')]),
      /verify OK/i,
    );
  });

  it('never replaces a key, and says how to use it', (test) => {
    const directory = temporaryDirectory(test);
    run(['a.example'], { directory });
    const keyFile = join(directory, 'a.example.key');
    const key = readFileSync(keyFile, 'utf8');

    const again = run(['a.example'], { directory });
    const withKey = run(['a.example', 'b.example'], { directory, keyFile });

    assert.equal(again.code, 1);
    assert.match(again.err, /a\.example\.key is there already .* use it with --key .*a\.example\.key/);
    assert.equal(withKey.code, 0);
    assert.equal(readFileSync(keyFile, 'utf8'), key);
  });

  it('says what is wrong with hosts, names and keys, and makes nothing', (test) => {
    const directory = join(temporaryDirectory(test), 'certs');
    const rubbish = join(temporaryDirectory(test), 'rubbish');
    writeFileSync(rubbish, testCertificate(['a.example']).cert);

    for (const [hosts, wishes, message, code] of [
      [[], {}, /csr needs at least one host/, 2],
      [['https://a.example'], {}, /without scheme/, 2],
      [['a.example'], { name: '../a' }, /another with --name/, 2],
      [['a.example'], { keyFile: rubbish, keyType: 'ec' }, /--key names a key that there is/, 2],
      [['a.example'], { keyFile: rubbish }, /rubbish holds no private key in PEM/, 1],
      [['a.example'], { keyFile: join(directory, 'nowhere') }, /cannot be read: no such file/, 1],
    ] as const) {
      const result = run(hosts, { directory, ...wishes });

      assert.match(result.err, message);
      assert.equal(result.code, code);
    }
    assert.equal(existsSync(directory), false);
  });
});

function run(hosts: readonly string[], wishes: Wishes): { code: number; out: string; err: string } {
  let out = '';
  let err = '';
  const code = createSigningRequest(
    { hosts, directory: 'certs', name: undefined, keyFile: undefined, keyType: undefined, ...wishes },
    { write: (text) => (out += text) },
    { write: (text) => (err += text) },
  );
  return { code, out, err };
}
