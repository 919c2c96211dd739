import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { type CertsPorts, runCerts } from '../../../src/cli/certs.ts';
import { splitPem } from '../../../src/tls/pem.ts';
import { testAuthority, testCertificate, testIntermediate } from '../../support/certificates.ts';
import { openTlsClient, requestText } from '../../support/client.ts';
import { openssl } from '../../support/openssl.ts';
import { opensslMissing } from '../../support/outside-judge.ts';
import { pkcs12File } from '../../support/pkcs12-file.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { startTlsFront } from '../../support/tls-front.ts';

const NOW = Date.now();
const PAIR = testCertificate(['shop.example'], { intermediate: true });
const PASSWORD = 'correct horse';

describe('certs import', { skip: opensslMissing }, () => {
  it('makes a chain, leaf first and without its root, and a key that others cannot read', async (test) => {
    const { directory, run } = workplace(test);
    const bundle = {
      cert: splitPem(PAIR.cert, 'CERTIFICATE')[0]! + testAuthority().cert + testIntermediate().cert,
      key: PAIR.key,
    };
    writeFileSync(join(directory, 'my shop.p12'), pkcs12File(test, bundle));

    const { code, out, err } = await run(['my shop.p12']);

    assert.equal(code, 0, err);
    assert.equal(readFileSync(join(directory, 'certs/my_shop.pem'), 'utf8'), PAIR.cert);
    assert.equal(readFileSync(join(directory, 'certs/my_shop.key'), 'utf8'), PAIR.key);
    assert.equal(statSync(join(directory, 'certs/my_shop.key')).mode & 0o777, 0o600);
    assert.match(out, /left out, being roots or strangers to the chain: CN=Portico local CA/);
    assert.equal(err, '');
  });

  it('makes what is served', async (test) => {
    const { directory, run } = workplace(test);
    writeFileSync(join(directory, 'shop.p12'), pkcs12File(test, PAIR, { args: ['-legacy'] }));
    await run(['shop.p12']);
    const read = (file: string) => readFileSync(join(directory, 'certs', file), 'utf8');
    const front = await startTlsFront(test, {
      certificates: { shop: { cert: read('shop.pem'), key: read('shop.key') } },
    });

    const client = await openTlsClient(test, front.port(), { servername: 'shop.example' });
    client.send(requestText('GET /'));

    assert.equal((await client.message()).body, 'shop');
    assert.equal(client.socket.authorized, true);
  });

  it('takes the password from a file, the environment, the command line or a person', async (test) => {
    const { directory, run } = workplace(test);
    writeFileSync(join(directory, 'a.p12'), pkcs12File(test, PAIR, { password: PASSWORD }));
    writeFileSync(join(directory, 'password'), `${PASSWORD}\r\nand more\n`);
    const questions: string[] = [];
    const ask = async (question: string) => {
      questions.push(question);
      return PASSWORD;
    };

    const ways: readonly (readonly [args: readonly string[], ports: Partial<CertsPorts>])[] = [
      [['--password-file', join(directory, 'password')], {}],
      [['--password', PASSWORD], { password: 'not this one' }],
      [[], { password: PASSWORD, askPassword: ask }],
      [[], { askPassword: ask }],
    ];
    for (const [i, [args, ports]] of ways.entries()) {
      const { code, err } = await run(['a.p12', '--name', `way-${i}`, ...args], ports);

      assert.equal(code, 0, err);
    }
    assert.deepEqual(questions, [`password of ${join(directory, 'a.p12')}: `]);
  });

  it('asks nobody for the password of a file that has none', async (test) => {
    const { directory, run } = workplace(test);
    writeFileSync(join(directory, 'a.p12'), pkcs12File(test, PAIR));

    assert.equal((await run(['a.p12'], { askPassword: () => assert.fail('asked') })).code, 0);
  });

  it('says what to do about a password that is wrong or missing, and writes nothing', async (test) => {
    const { directory, run } = workplace(test);
    writeFileSync(join(directory, 'a.p12'), pkcs12File(test, PAIR, { password: PASSWORD }));

    const missing = await run(['a.p12']);
    const wrong = await run(['a.p12', '--password', 'wrong']);
    const mistyped = await run(['a.p12'], { askPassword: async () => 'wrong' });
    const both = await run(['a.p12', '--password', 'a', '--password-file', 'b']);

    assert.match(missing.err, /password is wrong.*\n {2}hint: .*--password-file FILE.*PORTICO_PASSWORD/);
    assert.match(wrong.err, /password is wrong.*\n {2}hint: .*try again/);
    assert.match(mistyped.err, /password is wrong/);
    assert.match(both.err, /not both/);
    assert.deepEqual([missing.code, wrong.code, mistyped.code, both.code], [1, 1, 1, 2]);
    assert.deepEqual(readdirSync(directory), ['a.p12']);
  });

  it('says what is not in the file, or there too often', async (test) => {
    const { directory, run } = workplace(test);
    const write = (name: string, file: Buffer) => writeFileSync(join(directory, name), file);
    write('no-key.p12', withoutKey(test));
    write('other.p12', pkcs12File(test, PAIR, { args: ['-nocerts'] }));

    assert.match((await run(['no-key.p12'])).err, /certificates, but no key\n {2}hint: export it again/);
    assert.match((await run(['other.p12'])).err, /a key, but no certificate for it\n {2}hint/);
    assert.deepEqual(readdirSync(directory).sort(), ['no-key.p12', 'other.p12']);
  });

  it('knows PEM, Java keystores and rubbish when it sees them', async (test) => {
    const { directory, run } = workplace(test);
    const write = (name: string, file: string | Buffer) => writeFileSync(join(directory, name), file);
    write('a.p12', PAIR.cert);
    write('b.p12', Buffer.from('feedfeed00000002', 'hex'));
    write('c.p12', 'rubbish');

    assert.match((await run(['a.p12'])).err, /PEM already; name it in the configuration/);
    assert.match((await run(['b.p12'])).err, /Java keystore: keytool -importkeystore/);
    assert.match((await run(['c.p12'])).err, /no PKCS #12 file/);
    assert.match((await run(['d.p12'])).err, /cannot be read: no such file/);
  });

  it('replaces nothing', async (test) => {
    const { directory, run } = workplace(test);
    writeFileSync(join(directory, 'a.p12'), pkcs12File(test, PAIR));
    await run(['a.p12']);

    const again = await run(['a.p12']);
    const beside = await run(['a.p12', '--name', 'b']);

    assert.equal(again.code, 1);
    assert.match(again.err, /a\.pem is there already and stays as it is; choose other files with --name/);
    assert.equal(beside.code, 0);
    assert.equal((await run(['a.p12', '--name', '../c'])).code, 2);
  });

  it('says at once what a check of the configuration would say', async (test) => {
    const { directory, run } = workplace(test);
    writeFileSync(
      join(directory, 'a.p12'),
      pkcs12File(test, testCertificate(['a.example'], { untilDays: -3 })),
    );

    const { code, err } = await run(['a.p12']);

    assert.equal(code, 0);
    assert.match(err, /^but the certificate expired on \d{4}-\d\d-\d\d\n$/);
  });
});

function workplace(test: TestContext) {
  const directory = temporaryDirectory(test);
  return {
    directory,
    async run([file, ...rest]: readonly string[], ports: Partial<CertsPorts> = {}) {
      let out = '';
      let err = '';
      const code = await runCerts(
        ['import', join(directory, file!), '--out', join(directory, 'certs'), ...rest],
        { write: (text) => (out += text) },
        { write: (text) => (err += text) },
        {
          password: undefined,
          askPassword: undefined,
          now: () => NOW,
          ...ports,
        },
      );
      return { code, out, err };
    },
  };
}

function withoutKey(test: TestContext): Buffer {
  const file = join(temporaryDirectory(test), 'cert.pem');
  writeFileSync(file, PAIR.cert);
  openssl(['pkcs12', '-export', '-nokeys', '-in', file, '-passout', 'pass:', '-out', `${file}.p12`]);
  return readFileSync(`${file}.p12`);
}
