import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type LoadResult, parseConfig } from '../../../src/config/load.ts';
import { loadRenewable } from '../../../src/config/load-renewable.ts';
import type { RenewableSettings, Renewal } from '../../../src/core/renewable-settings.ts';
import { checkCertificates } from '../../../src/tls/certificate-check.ts';
import { type TestCertificateOptions, testCertificate } from '../../support/certificates.ts';
import { emptySettings } from '../../support/fake-worker.ts';

const HOSTS = ['a', 'b', 'c', 'd', 'e'];

test('files that hold the same are no renewal', () => {
  const { renewable } = site();

  assert.deepEqual(renewAll(renewable), { renewed: undefined, refused: [] });
});

test('a renewed certificate comes with new settings, and the names in it are read anew', () => {
  const { renewable, write } = site();
  write('a', ['a.example', 'www.a.example']);

  const { renewed, refused } = renewAll(renewable);

  assert.deepEqual(refused, []);
  assert.deepEqual(renewed!.settings.certificates[0]!.hosts, ['a.example', 'www.a.example']);
  assert.deepEqual(renewed!.settings.certificates.slice(1), renewable.settings.certificates.slice(1));
  assert.deepEqual(renewAll(renewed!), { renewed: undefined, refused: [] });
});

test('a change of the configuration itself is not taken along', () => {
  const { renewable, write, files } = site();
  files['/portico.yaml'] = 'nonsense: true';
  write('b', ['b.example'], { untilDays: 80 });

  const { renewed, refused } = renewAll(renewable);

  assert.deepEqual(refused, []);
  assert.notEqual(renewed!.settings.certificates[1]!.cert, renewable.settings.certificates[1]!.cert);
  assert.equal(renewed!.settings.drainMs, 7000);
});

test('of many that changed at once the good are taken, and each bad one is named and keeps what it was', () => {
  const { renewable, write, files } = site();
  for (const name of HOSTS) write(name, [`${name}.example`], { untilDays: 80 });
  files['/certs/b.key'] = testCertificate(['stranger.example']).key;
  files['/certs/e.pem'] = 'half a certific';

  const { renewed, refused } = renewAll(renewable);

  assert.deepEqual(
    refused.map(({ files }) => files),
    [
      ['/certs/b.pem', '/certs/b.key'],
      ['/certs/e.pem', '/certs/e.key'],
    ],
  );
  assert.match(refused[0]!.report, /portico.yaml:5:31: the key does not belong/);
  assert.match(refused[1]!.report, /no certificate in PEM/);
  const isRenewed = renewed!.settings.certificates.map(
    ({ cert }, i) => cert !== renewable.settings.certificates[i]!.cert,
  );
  assert.deepEqual(isRenewed, [true, false, true, true, false]);
});

test('what was refused is taken once it is good, and refused again until then', () => {
  const { renewable, write, files } = site();
  const { cert, key } = testCertificate(['a.example'], { untilDays: 80 });
  files['/certs/a.pem'] = cert;

  const first = renewAll(renewable);
  const second = renewAll(renewable);
  files['/certs/a.key'] = key;
  const third = renewAll(renewable);
  write('a', ['a.example']);

  assert.equal(first.renewed, undefined);
  assert.deepEqual(second, first);
  assert.equal(third.renewed!.settings.certificates[0]!.cert, cert);
  assert.deepEqual(third.refused, []);
  assert.notEqual(renewAll(third.renewed!).renewed, undefined);
});

test('a file that is gone is refused with its reason', () => {
  const { renewable, files } = site();
  delete files['/certs/c.key'];

  const { renewed, refused } = renewAll(renewable);

  assert.equal(renewed, undefined);
  assert.match(refused[0]!.report, /cannot read "certs\/c.key"/);
});

test('a certificate that two entries share is refused once', () => {
  const shared = `listen: [{ address: ":0" }]
clusters:
  a: { protocol: https, tls: { ca: certs/ca.pem }, instances: [{ address: "127.0.0.1:1" }] }
  b: { protocol: https, tls: { ca: certs/ca.pem }, instances: [{ address: "127.0.0.1:2" }] }
`;
  const files: Files = { '/certs/ca.pem': 'first' };
  const loaded = loadRenewable((readFile) => {
    return parseConfig(shared, '/portico.yaml', {
      readFile,
      inspectBackendTls: ({ ca }) =>
        ca === 'bad' ? [{ field: 'ca', message: 'is bad', severity: 'error' }] : [],
    });
  }, reader(files));
  assert(loaded.ok);
  files['/certs/ca.pem'] = 'bad';
  const { refused } = renewAll(loaded.renewable);
  files['/certs/ca.pem'] = 'good';
  const { renewed } = renewAll(loaded.renewable);

  assert.deepEqual(loaded.renewable.files, ['/certs/ca.pem']);
  assert.equal(refused.length, 1);
  assert.deepEqual(
    renewed!.settings.clusters.map(({ tls }) => tls!.ca),
    ['good', 'good'],
  );
});

test('a bad file does not put an isolated tenant out of service: it keeps what it had', () => {
  const files: Files = { '/a.pem': 'good', '/b.pem': 'bad' };
  const named = ['a', 'b'].map((name) => ({ file: `/${name}.pem`, place: `tenants.${name}.tls` }));
  const loaded = loadRenewable((readFile): LoadResult => {
    const leftOut = ['a', 'b'].filter((name) => readFile(`/${name}.pem`, []) === 'bad');
    const warnings = leftOut.map((name) => {
      return { file: 'x', line: 1, column: 1, path: '', message: `${name} is left out` };
    });
    return { ok: true, settings: emptySettings(), files: [], named, leftOut, warnings };
  }, reader(files));
  assert(loaded.ok);

  files['/a.pem'] = 'bad';
  files['/b.pem'] = 'good';
  const { renewed, refused } = renewAll(loaded.renewable);

  assert.deepEqual(
    refused.map(({ files }) => files),
    [['/a.pem']],
  );
  assert.match(refused[0]!.report, /a is left out/);
  assert.equal(renewed!.warnings, '');
});

test('what may have changed is read, with what belongs to it, and nothing else', () => {
  const { renewable, write, read } = site();
  write('a', ['a.example'], { untilDays: 80 });
  write('b', ['b.example'], { untilDays: 80 });
  read.length = 0;

  const none = renewable.renew(new Set(['/elsewhere.pem']));
  const { renewed, refused } = renewable.renew(new Set(['/certs/a.pem', '/certs/c.key']));
  const rest = renewed!.renew(new Set(['/certs/a.pem', '/certs/b.key']));

  assert.deepEqual(none, { renewed: undefined, refused: [] });
  assert.deepEqual(read, [
    ...['/certs/a.pem', '/certs/a.key', '/certs/c.pem', '/certs/c.key'],
    ...['/certs/a.pem', '/certs/a.key', '/certs/b.pem', '/certs/b.key'],
  ]);
  assert.deepEqual(refused, []);
  const isRenewed = (from: RenewableSettings, to: RenewableSettings): boolean[] =>
    to.settings.certificates.map(({ cert }, i) => cert !== from.settings.certificates[i]!.cert);
  assert.deepEqual(isRenewed(renewable, renewed!), [true, false, false, false, false]);
  assert.deepEqual(isRenewed(renewed!, rest.renewed!), [false, true, false, false, false]);
});

test('a directory whose files are all gone, or all bad, costs a few loads and not one for each', () => {
  const many = Array.from({ length: 64 }, (_, i) => `c${i}`);
  const { renewable, files, loads } = site(many);
  for (const name of many) {
    if (name.endsWith('3')) files[`/certs/${name}.pem`] = 'half a certific';
    else delete files[`/certs/${name}.key`];
  }
  loads.length = 0;

  const { renewed, refused } = renewAll(renewable);

  assert.equal(renewed, undefined);
  assert.equal(refused.length, many.length);
  assert(refused.every(({ report }) => /: (cannot read|the file holds no cert)/.test(report)));
  assert(loads.length <= 4, `${loads.length} loads`);
});

test('a complaint about what has not changed is traced to the one that has', () => {
  const { renewable, write } = site();
  write('a', ['a.example', 'e.example']);
  write('b', ['b.example'], { untilDays: 80 });

  const { renewed, refused } = renewAll(renewable);

  assert.deepEqual(
    refused.map(({ files }) => files),
    [['/certs/a.pem', '/certs/a.key']],
  );
  assert.match(refused[0]!.report, /e\.example/);
  assert.notEqual(renewed!.settings.certificates[1]!.cert, renewable.settings.certificates[1]!.cert);
});

/** As if every file might have changed. */
function renewAll(renewable: RenewableSettings): Renewal {
  return renewable.renew(new Set(renewable.files));
}

type Files = Record<string, string>;

function reader(files: Files, read: string[] = []): (file: string) => string {
  return (file) => {
    read.push(file);
    const text = files[file];
    if (text === undefined) throw Object.assign(new Error('gone'), { code: 'ENOENT' });
    return text;
  };
}

/** Certificates in files that exist here only. */
function site(names: readonly string[] = HOSTS): {
  renewable: RenewableSettings;
  files: Files;
  write: (name: string, hosts: string[], options?: TestCertificateOptions) => void;
  /** What was read, in order. */
  read: string[];
  /** An entry for each time that the configuration was loaded. */
  loads: true[];
} {
  const files: Files = {
    '/portico.yaml': `listen: [{ address: ":0", tls: true }]
drain: 7s
certificates:
${names.map((name) => `  - { cert: certs/${name}.pem, key: certs/${name}.key }`).join('\n')}
`,
  };
  const write = (name: string, hosts: string[], options?: TestCertificateOptions): void => {
    const { cert, key } = testCertificate(hosts, options);
    files[`/certs/${name}.pem`] = cert;
    files[`/certs/${name}.key`] = key;
  };
  for (const name of names) write(name, [`${name}.example`]);
  const loads: true[] = [];
  const read: string[] = [];
  const loaded = loadRenewable(
    (readFile) => {
      loads.push(true);
      return parseConfig(readFile('/portico.yaml'), '/portico.yaml', {
        readFile,
        inspectCertificates: (entries) => checkCertificates(entries),
      });
    },
    reader(files, read),
  );
  assert(loaded.ok);
  return { renewable: loaded.renewable, files, write, read, loads };
}
