import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHmac, createPrivateKey, pbkdf2Sync, randomBytes, X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { createSecureContext } from 'node:tls';
import fc from 'fast-check';
import {
  type DerNode,
  fromDer,
  integer,
  nothing,
  octetString,
  oid,
  sequence,
  toDer,
} from '../../../../src/tls/der.ts';
import { Pkcs12Fault } from '../../../../src/tls/pkcs12/fault.ts';
import { keyWithChain } from '../../../../src/tls/pkcs12/key-with-chain.ts';
import { octets, tagged } from '../../../../src/tls/pkcs12/node-reader.ts';
import { readPkcs12 } from '../../../../src/tls/pkcs12/read-pkcs12.ts';
import { testCertificate } from '../../../support/certificates.ts';
import { commandMissing, opensslMissing } from '../../../support/outside-judge.ts';
import { pkcs12File } from '../../../support/pkcs12-file.ts';
import { temporaryDirectory } from '../../../support/temporary-directory.ts';

const PAIR = testCertificate(['a.example'], { intermediate: true });
const PASSWORD = 'correct horse';

/** By what they are protected, in the arguments of openssl. */
const VARIANTS: Readonly<Record<string, readonly string[]>> = {
  'AES-256 and SHA-256, as openssl 3 has it by itself': [],
  'RC2-40 and triple DES, as openssl 1 and Windows had it': ['-legacy'],
  'triple DES': ['-keypbe', 'PBE-SHA1-3DES', '-certpbe', 'PBE-SHA1-3DES'],
  'triple DES with two keys': ['-legacy', '-keypbe', 'PBE-SHA1-2DES', '-certpbe', 'PBE-SHA1-2DES'],
  'RC2-128 for the certificates, RC2-40 for the key': [
    ...['-legacy', '-keypbe', 'PBE-SHA1-RC2-40', '-certpbe', 'PBE-SHA1-RC2-128'],
  ],
  'AES-128 and AES-192, with a MAC of SHA-512': [
    ...['-keypbe', 'AES-128-CBC', '-certpbe', 'AES-192-CBC', '-macalg', 'sha512'],
  ],
  'triple DES by PBES2': ['-keypbe', 'DES-EDE3-CBC', '-certpbe', 'DES-EDE3-CBC', '-macalg', 'sha384'],
  'a MAC of SHA-1 alone': ['-keypbe', 'NONE', '-certpbe', 'NONE', '-macalg', 'sha1'],
  'a MAC of SHA-224': ['-macalg', 'sha224'],
  'AES-256 without a MAC': ['-nomac'],
  'many iterations': ['-iter', '100000'],
};

describe('readPkcs12', { skip: opensslMissing }, () => {
  for (const [what, args] of Object.entries(VARIANTS)) {
    it(`reads a file protected by ${what}`, (test) => {
      const file = pkcs12File(test, PAIR, { password: PASSWORD, args });

      const { keys, certificates } = readPkcs12(file, PASSWORD);

      assert.deepEqual(
        keys.map(({ der }) => pemOf(der)),
        [PAIR.key],
      );
      assert.deepEqual(
        certificates.map((der) => new X509Certificate(der).subject),
        ['CN=a.example', 'CN=Test intermediate'],
      );
      if (!args.includes('NONE') || !args.includes('-nomac')) {
        assert.throws(() => readPkcs12(file, 'wrong horse'), isFault('password', /password is wrong/));
      }
    });
  }

  for (const key of ['rsa', 'ec-p384', 'ed25519'] as const) {
    it(`reads a key of type ${key}, encrypted and not`, (test) => {
      const pair = testCertificate(['a.example'], { key });

      for (const args of [[], ['-keypbe', 'NONE']]) {
        const { keys } = readPkcs12(pkcs12File(test, pair, { password: PASSWORD, args }), PASSWORD);

        assert.deepEqual(
          keys.map(({ der }) => pemOf(der)),
          [pair.key],
        );
      }
    });
  }

  for (const password of ['', 'pässwörd', '密码', '🔑', 'x'.repeat(500)]) {
    it(`takes the password ${JSON.stringify(password.slice(0, 9))} in all its encodings`, (test) => {
      for (const args of [[], ['-legacy']]) {
        const file = pkcs12File(test, PAIR, { password, args });

        assert.equal(readPkcs12(file, password).keys.length, 1);
      }
    });
  }

  it('has the names that keys were given', (test) => {
    const file = pkcs12File(test, PAIR, { args: ['-name', 'the shop'] });

    assert.deepEqual(
      readPkcs12(file, '').keys.map(({ name }) => name),
      ['the shop'],
    );
  });

  it('says what a file is protected by when that is not read', (test) => {
    const read = (...args: string[]) =>
      readPkcs12(pkcs12File(test, PAIR, { password: PASSWORD, args }), PASSWORD);

    assert.throws(() => read('-legacy', '-keypbe', 'PBE-SHA1-RC4-128'), isFault('unsupported', /RC4/));
    assert.throws(() => read('-keypbe', 'camellia-256-cbc'), isFault('unsupported', /1\.2\.392\./));
    assert.throws(() => read('-macalg', 'md5'), isFault('unsupported', /integrity check/));
  });

  for (const [digest, keyBytes] of [
    ['sha256', 32],
    ['sha512', 64],
    ['sha256', 20],
  ] as const) {
    it(`checks PBMAC1 with ${digest} and a key of ${keyBytes} octets as OpenSSL 3.5 does`, (test) => {
      const bare = pkcs12File(test, PAIR, { password: PASSWORD, args: ['-nomac'] });
      const file = withPbmac1(bare, PASSWORD, digest, keyBytes);

      assert.equal(readPkcs12(file, PASSWORD).keys.length, 1);
      assert.doesNotThrow(() => createSecureContext({ pfx: file, passphrase: PASSWORD }));
      assert.throws(() => readPkcs12(file, 'wrong horse'), isFault('password'));
      assert.throws(() => createSecureContext({ pfx: file, passphrase: 'wrong horse' }), /mac verify/i);
    });
  }

  it('refuses PBMAC1 over what was changed, without a length of its key, or with too many iterations', (test) => {
    const bare = pkcs12File(test, PAIR, { password: PASSWORD, args: ['-nomac'] });
    const good = withPbmac1(bare, PASSWORD, 'sha256', 32);
    const changed = Buffer.from(good);
    changed[good.length >> 1]! ^= 1;

    assert.throws(() => readPkcs12(changed, PASSWORD), isFault('password'));
    for (const [keyBytes, iterations, kind] of [
      [undefined, 1000, 'damaged'],
      [0x7fff, 1000, 'damaged'],
      [32, 0x7fffff, 'costly'],
    ] as const)
      assert.throws(
        () => readPkcs12(withPbmac1(bare, PASSWORD, 'sha256', keyBytes, iterations), PASSWORD),
        isFault(kind),
      );
  });

  it('refuses a file that is cut anywhere', (test) => {
    const file = pkcs12File(test, PAIR);

    for (let length = 0; length < file.length; length++)
      assert.throws(() => readPkcs12(file.subarray(0, length), ''), isFault('damaged'), `${length} octets`);
  });

  it('refuses more hashing than is decent, at once', (test) => {
    for (const args of [
      [],
      ['-nomac'],
      ['-nomac', '-keypbe', 'PBE-SHA1-3DES', '-certpbe', 'PBE-SHA1-3DES'],
    ]) {
      const file = withIterations(
        pkcs12File(test, PAIR, { password: PASSWORD, args: ['-iter', '70000', ...args] }),
      );
      const begun = process.cpuUsage();

      assert.throws(() => readPkcs12(file, PASSWORD), isFault('costly', /hashing/));

      const { user, system } = process.cpuUsage(begun);
      assert.ok(user + system < 1_000_000, `${(user + system) / 1000} ms`);
    }
  });

  it('refuses with a fault, and with nothing else, whatever is changed in a file', (test) => {
    const files = [
      pkcs12File(test, PAIR),
      pkcs12File(test, PAIR, { args: ['-legacy', '-nomac'] }),
      pkcs12File(test, PAIR, { args: ['-keypbe', 'NONE', '-certpbe', 'NONE', '-nomac', '-name', 'x'] }),
    ];
    const edits = fc.array(fc.record({ at: fc.nat(), octet: fc.nat(255), insert: fc.boolean() }), {
      minLength: 1,
      maxLength: 5,
    });
    let read = 0;
    let refused = 0;

    fc.assert(
      fc.property(fc.constantFrom(...files), edits, (file, changes) => {
        const octets = [...file];
        for (const { at, octet, insert } of changes) octets.splice(at % octets.length, insert ? 0 : 1, octet);
        try {
          keyWithChain(readPkcs12(Buffer.from(octets), ''));
          read += 1;
        } catch (error) {
          assert.ok(error instanceof Pkcs12Fault, String(error));
          refused += 1;
        }
      }),
      { numRuns: 600 },
    );

    assert.ok(read > 10 && refused > 100, `${read} read, ${refused} refused`);
  });
});

describe('readPkcs12 on files of others', () => {
  const nssMissing = commandMissing('pk12util') || commandMissing('certutil') || opensslMissing;

  it('reads what NSS writes, in BER of unknown lengths and many pieces', { skip: nssMissing }, (test) => {
    const directory = temporaryDirectory(test);
    const [database, file] = [`sql:${directory}`, join(directory, 'shop.p12')];
    writeFileSync(file, pkcs12File(test, PAIR, { password: PASSWORD, args: ['-name', 'shop'] }));
    run('certutil', '-N', '-d', database, '--empty-password');
    run('pk12util', '-i', file, '-d', database, '-W', PASSWORD);
    run('pk12util', '-o', file, '-n', 'shop', '-d', database, '-W', PASSWORD);

    const written = readFileSync(file);
    const { keys, certificates } = readPkcs12(written, PASSWORD);

    assert.equal(written[1], 0x80, 'of unknown length');
    assert.deepEqual(
      keys.map(({ der, name }) => [pemOf(der), name]),
      [[PAIR.key, 'shop']],
    );
    assert.ok(certificates.some((der) => new X509Certificate(der).subject === 'CN=a.example'));
  });

  it('reads what GnuTLS writes', { skip: commandMissing('certtool') }, (test) => {
    const directory = temporaryDirectory(test);
    const file = (name: string): string => join(directory, name);
    writeFileSync(file('cert.pem'), PAIR.cert);
    writeFileSync(file('key.pem'), PAIR.key);
    run(
      'certtool',
      ...['--to-p12', '--outder', '--outfile', file('shop.p12'), '--p12-name', 'shop'],
      ...['--load-certificate', file('cert.pem'), '--load-privkey', file('key.pem')],
      ...['--password', PASSWORD],
    );

    const { keys } = readPkcs12(readFileSync(file('shop.p12')), PASSWORD);

    assert.deepEqual(
      keys.map(({ der, name }) => [pemOf(der), name]),
      [[PAIR.key, 'shop']],
    );
  });
});

describe('readPkcs12 on what is no PKCS #12', () => {
  it('refuses noise, emptiness, depth and size', () => {
    const deep = Buffer.alloc(100_000, Buffer.from('3080', 'hex'));
    for (const [file, kind] of [
      [Buffer.alloc(0), 'damaged'],
      [Buffer.from('hello'), 'damaged'],
      [Buffer.from('3000', 'hex'), 'damaged'],
      [Buffer.from('30040201033000', 'hex'), 'damaged'],
      [deep, 'damaged'],
      [Buffer.alloc(2_000_000, 0x30), 'costly'],
    ] as const)
      assert.throws(() => readPkcs12(file, ''), isFault(kind), file.subarray(0, 8).toString('hex'));
  });

  it('never throws anything but a fault on noise', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => {
        const framed = Buffer.concat([Buffer.from([0x30, noise.length < 128 ? noise.length : 0x80]), noise]);
        assert.throws(() => readPkcs12(framed, ''), Pkcs12Fault);
      }),
    );
  });
});

/** Each count of 70,000 becomes one of eight million, which takes as many octets. */
function withIterations(file: Buffer): Buffer {
  const count = Buffer.from('0203011170', 'hex');
  const text = file.toString('latin1');
  assert.ok(text.includes(count.toString('latin1')), 'the file must tell its iterations in the clear');
  return Buffer.from(
    text.replaceAll(count.toString('latin1'), Buffer.from('02037fffff', 'hex').toString('latin1')),
    'latin1',
  );
}

/** A file without a MAC, with one of RFC 9579. Counts above the usual are only stated, not computed. */
function withPbmac1(
  file: Buffer,
  password: string,
  digest: 'sha256' | 'sha512',
  keyBytes: number | undefined,
  iterations = 1000,
): Buffer {
  const [version, authSafe] = fromDer(file).value as DerNode[];
  const content = octets(tagged((authSafe!.value as DerNode[])[1]));
  const salt = randomBytes(16);
  const key = pbkdf2Sync(password, salt, Math.min(iterations, 1000), keyBytes ?? 32, digest);
  const mac = createHmac(digest, key).update(content).digest();
  const hmac = sequence(oid(digest === 'sha256' ? '1.2.840.113549.2.9' : '1.2.840.113549.2.11'), nothing());
  const derivation = sequence(
    octetString(salt.toString('latin1')),
    integer(countOctets(iterations)),
    ...(keyBytes === undefined ? [] : [integer(countOctets(keyBytes))]),
    hmac,
  );
  const scheme = sequence(
    oid('1.2.840.113549.1.5.14'),
    sequence(sequence(oid('1.2.840.113549.1.5.12'), derivation), hmac),
  );
  // Salt and iterations of the MAC itself must be there and count for nothing.
  const unused = [octetString('NOT USED'), integer('\x01')];
  const macData = sequence(sequence(scheme, octetString(mac.toString('latin1'))), ...unused);
  return toDer(sequence(version!, authSafe!, macData));
}

function countOctets(count: number): string {
  const hex = count.toString(16);
  const octets = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex').toString('latin1');
  return octets.charCodeAt(0) > 127 ? `\0${octets}` : octets;
}

function run(command: string, ...args: readonly string[]): void {
  execFileSync(command, args, { stdio: 'pipe' });
}

function isFault(kind: Pkcs12Fault['kind'], message = /./): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof Pkcs12Fault, String(error));
    assert.equal(error.kind, kind, error.message);
    assert.match(error.message, message);
    return true;
  };
}

function pemOf(der: Buffer): string {
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }).export({
    type: 'pkcs8',
    format: 'pem',
  }) as string;
}
