import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { checkCertificates } from '../../../src/tls/certificate-check.ts';
import { type DemoCertificates, ensureDemoCertificates } from '../../../src/tls/demo-certificates.ts';
import { testCertificate } from '../../support/certificates.ts';
import { curlMissing } from '../../support/outside-judge.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const NOW = Date.now();
const DAY_MS = 86_400_000;

describe('ensureDemoCertificates', () => {
  it('makes everything on the first start, and nothing on the second', (test) => {
    const demo = makeDemo(test);

    const first = demo.ensure(NOW);
    const second = demo.ensure(NOW);

    assert.equal(first.authorityCreated, true);
    assert.equal(first.issued.length, 2);
    assert.equal(second.authorityCreated, false);
    assert.deepEqual(second.issued, []);
  });

  it('makes pairs that pass the check, with keys for the owner only', (test) => {
    const demo = makeDemo(test);

    demo.ensure(NOW);

    const settings = demo.wanted.map((entry) => ({
      ...entry,
      cert: readFileSync(entry.certFile, 'utf8'),
      key: readFileSync(entry.keyFile, 'utf8'),
      isDefault: false,
    }));
    assert.deepEqual(checkCertificates(settings, NOW).problems, []);
    for (const { keyFile } of demo.wanted) assert.equal(statSync(keyFile).mode & 0o777, 0o600);
  });

  it('issues anew when fewer than 21 days are left, or none', (test) => {
    const demo = makeDemo(test);
    demo.ensure(NOW);

    assert.equal(demo.ensure(NOW + 374 * DAY_MS).issued.length, 0);
    assert.equal(demo.ensure(NOW + 376 * DAY_MS).issued.length, 2);
    assert.equal(demo.ensure(NOW + 900 * DAY_MS).issued.length, 2);
  });

  it('issues anew when the hosts have changed', (test) => {
    const demo = makeDemo(test);
    demo.ensure(NOW);
    demo.wanted[0] = { ...demo.wanted[0]!, hosts: ['shop.localhost', 'new.localhost'] };

    assert.deepEqual(demo.ensure(NOW).issued, [demo.wanted[0]]);
  });

  it('issues anew when the key is lost, or the authority is another', (test) => {
    const demo = makeDemo(test);
    demo.ensure(NOW);

    rmSync(demo.wanted[1]!.keyFile);
    assert.deepEqual(demo.ensure(NOW).issued, [demo.wanted[1]]);
    for (const file of ['local-ca.pem', 'local-ca.key']) rmSync(join(demo.directory, file));
    assert.equal(demo.ensure(NOW).issued.length, 2);
  });

  it('leaves files of other origin alone, expired or incomplete as they may be', (test) => {
    const demo = makeDemo(test);
    const foreign = testCertificate(['shop.localhost'], { untilDays: -1, intermediate: true });
    writeFileSync(demo.wanted[0]!.certFile, foreign.cert);
    writeFileSync(demo.wanted[1]!.keyFile, foreign.key);

    const { issued } = demo.ensure(NOW);

    assert.deepEqual(issued, []);
    assert.equal(readFileSync(demo.wanted[0]!.certFile, 'utf8'), foreign.cert);
    assert.equal(readFileSync(demo.wanted[1]!.keyFile, 'utf8'), foreign.key);
  });

  it('throws for a host that cannot be certified', (test) => {
    const directory = temporaryDirectory(test);
    const wanted = [{ hosts: ['*'], certFile: join(directory, 'a.pem'), keyFile: join(directory, 'a.key') }];

    assert.throws(() => ensureDemoCertificates(directory, wanted, NOW), /no certificate can be for "\*"/);
  });

  it('is trusted by curl with the authority, and not without', { skip: curlMissing }, async (test) => {
    const demo = makeDemo(test);
    const { authorityFile } = demo.ensure(NOW);
    const [pair] = demo.wanted;
    const server = createServer(
      { cert: readFileSync(pair!.certFile), key: readFileSync(pair!.keyFile) },
      (_, response) => response.end('trusted'),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    test.after(() => server.close());
    const { port } = server.address() as AddressInfo;
    const curl = (...args: string[]) =>
      promisify(execFile)('curl', [
        ...['-sS', '--resolve', `shop.localhost:${port}:127.0.0.1`],
        ...args,
        `https://shop.localhost:${port}/`,
      ]);

    assert.equal((await curl('--cacert', authorityFile)).stdout, 'trusted');
    await assert.rejects(curl(), /certificate/);
  });
});

interface Demo {
  readonly directory: string;
  readonly wanted: { hosts: string[]; certFile: string; keyFile: string }[];
  ensure(now: number): DemoCertificates;
}

function makeDemo(test: TestContext): Demo {
  const directory = temporaryDirectory(test);
  const wanted = ['shop', 'blog'].map((name) => ({
    hosts: [`${name}.localhost`],
    certFile: join(directory, `${name}.pem`),
    keyFile: join(directory, `${name}.key`),
  }));
  return { directory, wanted, ensure: (now) => ensureDemoCertificates(directory, wanted, now) };
}
