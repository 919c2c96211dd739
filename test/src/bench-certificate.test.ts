import assert from 'node:assert/strict';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { makeHostCertificates } from '../../bench/certificate.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const HOSTS = ['a.bench.test', 'b.bench.test'];

test('each host gets a pair of its own, and the folder of both holds nothing else', (t) => {
  const { files, folderOfBoth } = makeHostCertificates(temporaryDirectory(t), HOSTS);

  assert.deepEqual([...files.keys()], HOSTS);
  for (const [host, { cert, key, both }] of files) {
    const certificate = new X509Certificate(readFileSync(cert));
    assert.equal(certificate.subjectAltName, `DNS:${host}`);
    assert.ok(certificate.checkPrivateKey(createPrivateKey(readFileSync(key))));
    assert.equal(readFileSync(both, 'utf8'), readFileSync(cert, 'utf8') + readFileSync(key, 'utf8'));
  }
  assert.deepEqual(readdirSync(folderOfBoth).sort(), ['a.bench.test.pem', 'b.bench.test.pem']);
});

test('pairs that are there are kept', (t) => {
  const directory = temporaryDirectory(t);
  const before = readFileSync(makeHostCertificates(directory, HOSTS).files.get('a.bench.test')!.both, 'utf8');
  const after = makeHostCertificates(directory, [...HOSTS, 'c.bench.test']);

  assert.equal(readFileSync(after.files.get('a.bench.test')!.both, 'utf8'), before);
  assert.equal(after.files.size, 3);
});
