import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { pairFile, writePair } from '../../../src/acme/storage.ts';
import { createCertificate } from '../../../src/cli/certs-create.ts';
import { type CertsListPorts, runCertsList } from '../../../src/cli/certs-list-command.ts';
import { listKept } from '../../../src/cli/list-kept.ts';
import { askServedCertificates } from '../../../src/cli/served-certificates.ts';
import { certificateStatuses } from '../../../src/workers/certificate-statuses.ts';
import { acmeSettings } from '../../support/acme-settings.ts';
import { certificateSettings, testCertificate } from '../../support/certificates.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const NOW = Date.now();
const DAY_MS = 86_400_000;
const ADMIN = { host: '127.0.0.1', port: 8421, text: '127.0.0.1:8421' };

test('shows names, key, issuer, fingerprint, end and days of every certificate in a directory', async (t) => {
  const { code, out } = await list(['--dir', filledDirectory(t)]);

  assert.equal(code, 0);
  const lines = out.trimEnd().split('\n');
  assert.match(lines[0]!, /^FILE +NAMES +KEY +ISSUER +SHA-256 +OCSP +EXPIRES +DAYS$/);
  assert.equal(lines.length, 5);
  assert.match(
    lines[1]!,
    /1-good\.pem +a\.example, \*\.a\.example +EC P-256 +Test intermediate +([0-9A-F]{2}:){5}[0-9A-F]{2} +\d{4}-\d\d-\d\d +(89|90)$/,
  );
  assert.match(lines[2]!, /2-soon\.crt +b\.example +RSA 2048 .* (9|10) +! renew soon$/);
  assert.match(lines[3]!, /3-late\.pem .* -2 +! EXPIRED$/);
  assert.match(lines[4]!, /4-bad\.pem +! UNREADABLE$/);
});

test('lists the certificates of a directory that also holds what is no file, and a link that leads nowhere', async (t) => {
  const directory = directoryWithAuthority(t);
  mkdirSync(join(directory, 'directory.pem'));
  symlinkSync('nowhere', join(directory, 'gone.pem'));

  const { code, rows } = await list(['--dir', directory, '--json']);

  assert.equal(code, 0);
  assert.deepEqual(
    rows().map(({ file, state }) => [basename(file), state]),
    [
      ['a.example.pem', 'valid'],
      ['gone.pem', 'unreadable'],
      ['local-ca.pem', 'valid'],
    ],
  );
});

test('says of a directory that is none what it is', async (t) => {
  const missing = join(temporaryDirectory(t), 'missing');

  const { code, err } = await list(['--dir', missing]);

  assert.equal(code, 2);
  assert.equal(
    err,
    `${missing}: cannot be read: no such directory\n  hint: --dir is a directory with PEM files\n`,
  );
});

test('shows the authority for what it is', async (t) => {
  const directory = directoryWithAuthority(t);

  const { out } = await list(['--dir', directory]);

  assert.match(out, /Portico local CA \S+ \(authority\) +EC P-256 +itself/);
});

test('marks what becomes old as time passes', async (t) => {
  const directory = directoryWithAuthority(t);
  const stateAt = async (days: number) => {
    const { rows } = await list(['--dir', directory, '--json'], { now: () => NOW + days * DAY_MS });
    return rows()[0]!.state;
  };

  assert.equal(await stateAt(-1), 'not-yet-valid');
  assert.equal(await stateAt(374), 'valid');
  assert.equal(await stateAt(376), 'expiring');
  assert.equal(await stateAt(397), 'expired');
});

test('gives the same as JSON', async (t) => {
  const rows = (await list(['--dir', filledDirectory(t), '--json'])).rows();

  assert.deepEqual(
    rows.map(({ names, keyType, state }) => [names, keyType, state]),
    [
      [['a.example', '*.a.example'], 'EC P-256', 'valid'],
      [['b.example'], 'RSA 2048', 'expiring'],
      [['c.example'], 'EC P-256', 'expired'],
      [[], '', 'unreadable'],
    ],
  );
  assert.match(rows[0]!.notAfter, /^\d{4}-\d\d-\d\dT/);
  assert.match(rows[0]!.serial, /^[0-9A-F]+$/);
});

test('shows what a running server serves, and which server that is', async (t) => {
  const onDisk = certificateSettings(testCertificate(['disk.example']), { certFile: '/etc/a.pem' });
  const served = certificateSettings(testCertificate(['served.example']), { certFile: '/etc/a.pem' });
  const fingerprint = new X509Certificate(served.cert).fingerprint256;
  const status = {
    pid: 7,
    configuration: 'conf/x.yaml',
    certificates: certificateStatuses([served], new Map([[fingerprint, { state: 'stapled' as const }]]), NOW),
  };
  const admin = createServer((_request, response) => response.end(JSON.stringify(status)));
  admin.listen(0, '127.0.0.1');
  await once(admin, 'listening');
  t.after(() => admin.close());
  const { port } = admin.address() as AddressInfo;
  const ports = {
    loadConfiguration: async () => ({ certificates: [onDisk], admin: { ...ADMIN, port } }),
    askServer: askServedCertificates,
  };

  const { out } = await list([], ports);
  const rows = (await list(['--json'], ports)).rows();

  assert.match(out, /^served now by the server at 127\.0\.0\.1:8421 \(process 7, conf\/x\.yaml\):\nFILE/);
  assert.match(out, /\/etc\/a\.pem +served\.example .* stapled /);
  assert.doesNotMatch(out, /disk\.example/);
  assert.deepEqual([rows[0]!.source, rows[0]!.names], ['server', ['served.example']]);
});

test('shows what the files hold when no server answers, or none can be asked, and says so', async () => {
  const certificates = [certificateSettings(testCertificate(['a.example']), { certFile: '/etc/a.pem' })];
  const asked: (string | undefined)[] = [];
  const loadConfiguration = (admin: typeof ADMIN | undefined) => async (file: string | undefined) => {
    asked.push(file);
    return { certificates, admin };
  };

  const dead = await list(['-c', 'conf/x.yaml'], {
    loadConfiguration: loadConfiguration({ ...ADMIN, port: 1 }),
    askServer: askServedCertificates,
  });
  const without = await list([], { loadConfiguration: loadConfiguration(undefined) });

  assert.deepEqual(asked, ['conf/x.yaml', undefined]);
  assert.match(dead.out, /^what the files hold, because no running server answers at 127\.0\.0\.1:8421/);
  assert.match(dead.out, /\/etc\/a\.pem +a\.example/);
  assert.match(without.out, /^what the files hold, because the configuration has no admin address/);
});

test('shows what ACME keeps, what it has not obtained yet, and what is somebody else’s to read', async (t) => {
  const kept = acmeSettings({ storage: temporaryDirectory(t) });
  writePair(kept, testCertificate(['a.example.org']));
  const missing = { ...kept, hosts: ['b.example.org'] };
  const unreadable = { ...kept, hosts: ['c.example.org'] };
  mkdirSync(pairFile(unreadable));

  const { out } = await list([], {
    loadConfiguration: async () => ({
      certificates: listKept([kept, missing, unreadable]),
      admin: undefined,
    }),
  });

  const [, , first, second, third] = out.split('\n');
  assert.match(first!, /a\.example\.org-\w+\.pem +a\.example\.org +EC P-256/);
  assert.match(second!, /b\.example\.org-\w+\.pem .*! NOT OBTAINED YET$/);
  assert.match(third!, /c\.example\.org-\w+\.pem .*! UNREADABLE$/);
});

test('passes the problems of a configuration on', async () => {
  const { code, err } = await list(['-c', 'x.yaml'], {
    loadConfiguration: async () => ({ problems: 'x.yaml:1:1: bad\n' }),
  });

  assert.equal(code, 2);
  assert.equal(err, 'x.yaml:1:1: bad\n');
});

test('says when there is nothing, or no directory', async (t) => {
  const directory = temporaryDirectory(t);

  assert.equal((await list(['--dir', directory])).out, 'no certificates\n');
  assert.equal((await list(['--dir', join(directory, 'nowhere')])).code, 2);
});

test('answers arguments that it does not know with the usage', async () => {
  for (const args of [['a.example'], ['--name', 'x'], ['--dir', 'certs', '-c', 'x.yaml']]) {
    const { code, err } = await list(args);

    assert.equal(code, 2, args.join(' '));
    assert.match(err, /usage: portico certs create/);
  }
});

interface Row {
  readonly file: string;
  readonly names: readonly string[];
  readonly keyType: string;
  readonly serial: string;
  readonly notAfter: string;
  readonly state: string;
  readonly source: string;
}

async function list(
  args: readonly string[],
  ports: Partial<CertsListPorts> = {},
): Promise<{ code: number; out: string; err: string; rows: () => Row[] }> {
  let out = '';
  let err = '';
  const code = await runCertsList(
    args,
    { write: (text) => (out += text) },
    { write: (text) => (err += text) },
    {
      loadConfiguration: () => assert.fail('no configuration was asked for'),
      askServer: () => assert.fail('no server was asked for'),
      now: () => NOW,
      ...ports,
    },
  );
  return { code, out, err, rows: () => JSON.parse(out) as Row[] };
}

function directoryWithAuthority(t: TestContext): string {
  const directory = temporaryDirectory(t);
  const ignored = { write: () => {} };
  createCertificate(
    {
      hosts: ['a.example'],
      client: undefined,
      directory,
      name: undefined,
      days: undefined,
      keyType: undefined,
    },
    ignored,
    ignored,
    NOW,
  );
  return directory;
}

function filledDirectory(t: TestContext): string {
  const directory = temporaryDirectory(t);
  const write = (name: string, text: string) => writeFileSync(join(directory, name), text);
  write('1-good.pem', testCertificate(['a.example', '*.a.example'], { intermediate: true }).cert);
  write('2-soon.crt', testCertificate(['b.example'], { key: 'rsa', untilDays: 10 }).cert);
  write('3-late.pem', testCertificate(['c.example'], { untilDays: -1.5 }).cert);
  write('4-bad.pem', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n');
  write('only-a-key.pem', testCertificate(['a.example']).key);
  write('notes.txt', 'nothing');
  return directory;
}
