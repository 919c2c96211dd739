import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { InspectCertificates } from '../../../src/config/check-certificates.ts';
import { loadConfig } from '../../../src/config/load.ts';
import type { CertificateSettings } from '../../../src/core/settings.ts';
import { filesFrom, goodSettings, shortProblems } from '../../support/configuration.ts';

const MAIN = `listen: [{ address: ":8443", tls: true }]
certificates:
  - hosts: [Shop.example.org]
    cert: pem/shop.pem
    key: /keys/shop.key
    vips: ["::ffff:10.1.2.3"]
  - cert: pem/default.pem
    key: pem/default.key
    default: true
`;
const FILES = {
  '/etc/conf/main.yaml': MAIN,
  '/etc/conf/pem/shop.pem': 'shop certificate',
  '/keys/shop.key': 'shop key',
  '/etc/conf/pem/default.pem': 'default certificate',
  '/etc/conf/pem/default.key': 'default key',
};

function load(files: Readonly<Record<string, string>>, inspectCertificates?: InspectCertificates) {
  return loadConfig('/etc/conf/main.yaml', { readFile: filesFrom(files), inspectCertificates });
}

describe('certificates', () => {
  it('have their OCSP response from a file, from nobody, or from their responder', () => {
    const octets = Buffer.from([0x30, 0x03, 0xff, 0x00, 0x80]);
    const ocspOf = (text: string) => {
      const main = MAIN.replace('default: true', `ocsp: ${text}`);
      const files = { ...FILES, '/etc/conf/main.yaml': main, '/etc/conf/d.ocsp': octets.toString('latin1') };
      return goodSettings(load(files)).certificates[1]!.ocsp;
    };

    assert.deepEqual(ocspOf('d.ocsp'), {
      kind: 'file',
      file: '/etc/conf/d.ocsp',
      response: octets.toString('base64'),
    });
    assert.deepEqual(ocspOf('off'), { kind: 'off' });
    assert.equal(ocspOf('auto'), undefined);
    assert.match(
      shortProblems(
        load({ ...FILES, '/etc/conf/main.yaml': MAIN.replace('default: true', 'ocsp: none.der') }),
      )[0]!,
      /9:11 cannot read "none.der": no such file \(write auto, off, or a file name/,
    );
  });

  it('are read relative to the file that names them, and named among the files', () => {
    const result = load(FILES);

    assert.deepEqual(goodSettings(result).certificates, [
      {
        hosts: ['shop.example.org'],
        vips: ['10.1.2.3'],
        cert: 'shop certificate',
        key: 'shop key',
        certFile: '/etc/conf/pem/shop.pem',
        keyFile: '/keys/shop.key',
        isDefault: false,
      },
      {
        hosts: [],
        vips: [],
        cert: 'default certificate',
        key: 'default key',
        certFile: '/etc/conf/pem/default.pem',
        keyFile: '/etc/conf/pem/default.key',
        isDefault: true,
      },
    ]);
    assert.deepEqual(result.files.toSorted(), Object.keys(FILES).toSorted());
  });

  it('of an included file are relative to that file', () => {
    const { certificates } = goodSettings(
      load({
        '/etc/conf/main.yaml': 'include: tls/all.yaml\nlisten: [{ address: ":8443", tls: true }]',
        '/etc/conf/tls/all.yaml': 'certificates: [{ cert: a.pem, key: a.key }]',
        '/etc/conf/tls/a.pem': 'c',
        '/etc/conf/tls/a.key': 'k',
      }),
    );

    assert.equal(certificates[0]?.certFile, '/etc/conf/tls/a.pem');
  });

  it('that are not there are all reported, beside other problems', () => {
    const { '/keys/shop.key': _, '/etc/conf/pem/default.pem': __, ...files } = FILES;
    const result = load({ ...files, '/etc/conf/main.yaml': `${MAIN}workers: 0\n` });

    const hint = '(paths are relative to this file; "portico certs create HOST" makes a certificate)';
    assert.deepEqual(shortProblems(result), [
      `/etc/conf/main.yaml:5:10 cannot read "/keys/shop.key": no such file ${hint}`,
      `/etc/conf/main.yaml:7:11 cannot read "pem/default.pem": no such file ${hint}`,
      '/etc/conf/main.yaml:10:10 expected a whole number from 1 to 1024, but found 0',
    ]);
  });

  it('without hosts get those the inspection finds in them; written hosts stay', () => {
    let seen: readonly CertificateSettings[] = [];
    const result = load(FILES, (entries) => {
      seen = entries;
      return { problems: [], hosts: [['other.example.org'], ['localhost', '127.0.0.1']] };
    });

    const { certificates } = goodSettings(result);
    assert.deepEqual(
      certificates.map(({ hosts }) => hosts),
      [['shop.example.org'], ['localhost', '127.0.0.1']],
    );
    assert.deepEqual(
      seen.map(({ cert }) => cert),
      ['shop certificate', 'default certificate'],
    );
    assert(Object.isFrozen(certificates[1]?.hosts));
  });

  it('that fail the inspection are reported at the file name, also when an entry before could not be read', () => {
    const { '/keys/shop.key': _, ...files } = FILES;
    const result = load(files, (entries) => ({
      problems: [
        { index: 0, field: 'key', message: 'the key does not fit', hint: 'swap them', severity: 'error' },
      ],
      hosts: entries.map(() => []),
    }));

    assert.equal(shortProblems(result).at(-1), '/etc/conf/main.yaml:8:10 the key does not fit (swap them)');
  });

  it('have VIPs of their own', () => {
    const result = load({
      ...FILES,
      '/etc/conf/main.yaml': `${MAIN}    vips: ["10.1.2.4", "10.1.2.3"]\n`,
    });

    assert.deepEqual(shortProblems(result), [
      '/etc/conf/main.yaml:10:24 the VIP "10.1.2.3" is in certificates[0].vips already',
    ]);
  });

  it('that are merely doubtful leave the configuration good, with a warning', () => {
    const result = load(FILES, (entries) => ({
      problems: [{ index: 1, field: 'cert', message: 'it ends in 3 days', severity: 'warning' }],
      hosts: entries.map(() => []),
    }));

    assert(result.ok);
    const [{ line, message, severity } = assert.fail()] = result.warnings;
    assert.deepEqual([line, message, severity], [7, 'it ends in 3 days', 'warning']);
  });
});
