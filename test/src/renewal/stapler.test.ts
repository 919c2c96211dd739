import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { silentLogger } from '../../../src/core/logger.ts';
import type { CertificateSettings } from '../../../src/core/settings.ts';
import type { Staple } from '../../../src/core/staple.ts';
import { Stapler } from '../../../src/renewal/stapler.ts';
import { certificateSettings } from '../../support/certificates.ts';
import { OpensslAuthority } from '../../support/openssl-authority.ts';
import { opensslMissing } from '../../support/outside-judge.ts';

const options = { skip: opensslMissing };

test('asks four responders at a time and no more, until all were asked', options, async (t) => {
  const { waiting, arrived, certificates } = await site(t, 10);
  const stapler = new Stapler({ logger: silentLogger, changed: () => {} });
  t.after(() => stapler.close());

  void stapler.follow(certificates);
  const seen: number[] = [];
  for (let asked = 0; asked < 10; asked += waiting.splice(0).length) {
    await arrived(Math.min(4, 10 - asked));
    seen.push(waiting.length);
    for (const response of waiting) response.writeHead(500).end();
  }

  assert.deepEqual(seen, [4, 4, 2]);
});

test(
  'what is known of a certificate that stays is kept, and staples of those that go are withdrawn',
  options,
  async (t) => {
    const { authority, waiting, arrived, certificates, leaves } = await site(t, 2);
    const sent: Staple[] = [];
    const told = Promise.withResolvers<void>();
    const stapler = new Stapler({
      logger: silentLogger,
      changed(staple) {
        sent.push(staple);
        told.resolve();
      },
    });
    t.after(() => stapler.close());
    const [first, second] = certificates as [CertificateSettings, CertificateSettings];
    await stapler.follow([first]);
    await arrived(1);
    waiting.pop()!.end(authority.answer(leaves[0]!));
    await told.promise;

    await stapler.follow([{ ...first }]);
    const statuses = [...stapler.statuses().values()].map(({ state }) => state);
    await stapler.follow([
      { ...first, ocsp: { kind: 'off' } },
      { ...second, ocsp: { kind: 'off' } },
    ]);

    const { fingerprint256 } = new X509Certificate(first.cert);
    assert.deepEqual(statuses, ['stapled']);
    assert.equal(waiting.length, 0, 'it was not asked about again');
    assert.deepEqual(
      sent.map(({ fingerprint, response }) => [fingerprint === fingerprint256, response !== undefined]),
      [
        [true, true],
        [true, false],
      ],
    );
  },
);

/** Certificates, and a responder that lets its askers wait. */
async function site(t: TestContext, count: number) {
  const waiting: ServerResponse[] = [];
  let look = (): void => {};
  const server = createServer((request, response) => {
    request.resume();
    waiting.push(response);
    look();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const arrived = async (wanted: number): Promise<void> => {
    while (waiting.length < wanted) {
      await new Promise<void>((resolve) => {
        look = resolve;
      });
    }
    // One too many would come in the same breath.
    await new Promise((resolve) => setTimeout(resolve, 50));
  };
  const authority = new OpensslAuthority(t);
  const { port } = server.address() as AddressInfo;
  const leaves = Array.from({ length: count }, (_, i) =>
    authority.issue(`h${i}.example`, [`authorityInfoAccess=OCSP;URI:http://127.0.0.1:${port}/`]),
  );
  const certificates = leaves.map(({ cert, key }) =>
    certificateSettings({ cert: cert + authority.ca.cert, key }),
  );
  return { authority, waiting, arrived, certificates, leaves };
}
