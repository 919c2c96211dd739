import assert from 'node:assert/strict';
import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openAccountKey, pairFile, readPair, writePair } from '../../../src/acme/storage.ts';
import { acmeSettings } from '../../support/acme-settings.ts';
import { testCertificate } from '../../support/certificates.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const PAIR = testCertificate(['a.example.org'], { intermediate: true });

test('a pair is found again, whole, in one file that nobody else can read', (t) => {
  const settings = acmeSettings({ storage: join(temporaryDirectory(t), 'deep', 'acme') });

  assert.equal(readPair(settings), undefined);
  writePair(settings, PAIR);

  assert.deepEqual(readPair(settings), PAIR);
  assert.equal(statSync(settings.storage).mode & 0o777, 0o700);
  assert.equal(statSync(pairFile(settings)).mode & 0o777, 0o600);
  assert.deepEqual(readdirSync(settings.storage).length, 1, 'nothing is left of the writing');
});

test('CAs do not get into each other’s way', (t) => {
  const staging = acmeSettings({ storage: temporaryDirectory(t) });
  writePair(staging, PAIR);

  assert.equal(readPair({ ...staging, directory: 'https://other.example/directory' }), undefined);
});

test('half a file, or none of ours, is as good as nothing', (t) => {
  const settings = acmeSettings({ storage: temporaryDirectory(t) });

  for (const text of ['', 'x', PAIR.cert, PAIR.key]) {
    writeFileSync(pairFile(settings), text);
    assert.equal(readPair(settings), undefined);
  }
});

test('the account’s key is made once for each CA and address', (t) => {
  const settings = acmeSettings({ storage: temporaryDirectory(t) });

  const key = openAccountKey(settings);

  assert.equal(openAccountKey(settings).thumbprint, key.thumbprint);
  assert.notEqual(openAccountKey({ ...settings, email: 'a@example.org' }).thumbprint, key.thumbprint);
  assert.notEqual(
    openAccountKey({ ...settings, directory: 'https://x.example/' }).thumbprint,
    key.thumbprint,
  );
});

test('a key that is none is not replaced, but complained of', (t) => {
  const settings = acmeSettings({ storage: temporaryDirectory(t) });
  openAccountKey(settings);
  const [name] = readdirSync(settings.storage);
  const file = join(settings.storage, name!);
  writeFileSync(file, 'rubbish');

  assert.throws(() => openAccountKey(settings), { name: 'AcmeFailure', message: /holds no account key/ });
  assert.equal(readFileSync(file, 'utf8'), 'rubbish');
});

test('a directory that everybody may write to, and one that cannot be, are refused with advice', (t) => {
  const storage = temporaryDirectory(t);
  chmodSync(storage, 0o777);
  writeFileSync(join(storage, 'file'), '');

  assert.throws(() => openAccountKey(acmeSettings({ storage })), {
    message: /everybody may write/,
    advice: `chmod 700 ${storage}`,
  });
  assert.throws(() => writePair(acmeSettings({ storage: join(storage, 'file', 'acme') }), PAIR), {
    name: 'AcmeFailure',
    message: /acme.storage cannot be used: ENOTDIR/,
  });
});
