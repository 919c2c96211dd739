import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CertificateSettings } from '../../src/core/settings.ts';
import { checkCertificates } from '../../src/tls/certificate-check.ts';
import { PairMemory } from '../../src/tls/pair-memory.ts';
import { certificateSettings, testCertificate } from '../support/certificates.ts';
import { openTlsClient, requestText } from '../support/client.ts';
import { startTlsFront } from '../support/tls-front.ts';

const COUNT = 2000;

/** Each with a key of its own, from one intermediate. */
const pairs = Array.from({ length: COUNT }, (_, i) =>
  testCertificate([`host-${i}.example`], { intermediate: true }),
);

test('one listener has two thousand certificates, and each host gets its own', async (t) => {
  const front = await startTlsFront(t, {
    certificates: Object.fromEntries(pairs.map((pair, i) => [`host-${i}`, pair])),
    tenants: { shop: { hosts: ['host-7.example'] } },
  });

  for (const i of [0, 1, 7, COUNT / 2, COUNT - 1]) {
    const client = await openTlsClient(t, front.port(), { servername: `host-${i}.example` });
    assert.equal(client.socket.getPeerX509Certificate()!.subject, `CN=host-${i}.example`);
    assert.equal(client.socket.authorized, true);
    client.end();
  }
  const client = await openTlsClient(t, front.port(), { servername: 'host-7.example' });
  client.send(requestText('GET /', [], 'host-7.example'));
  assert.equal((await client.message()).status, 200);
});

test('the check of certificates costs each of them the same, however many there are', () => {
  const settings = pairs.map((pair, i) => certificateSettings(pair, { hosts: [`host-${i}.example`] }));
  const costOf = (count: number): number => {
    const begun = process.cpuUsage();
    assert.deepEqual(checkCertificates(settings.slice(0, count)).problems, []);
    const { user, system } = process.cpuUsage(begun);
    return (user + system) / count;
  };
  costOf(COUNT / 8);

  const few = costOf(COUNT / 8);
  const many = costOf(COUNT);

  // A cost that grows with the square would be eight times as high.
  assert.ok(many < 4 * few, `${few} µs each of ${COUNT / 8}, ${many} µs each of ${COUNT}`);
});

test('a check after the renewal of one certificate costs little, however many there are', () => {
  const settings = pairs.map((pair, i) => certificateSettings(pair, { hosts: [`host-${i}.example`] }));
  const memory = new PairMemory();
  const costOf = (entries: readonly CertificateSettings[]): number => {
    const begun = process.cpuUsage();
    assert.deepEqual(checkCertificates(entries, Date.now(), memory).problems, []);
    const { user, system } = process.cpuUsage(begun);
    return user + system;
  };
  const renewed = certificateSettings(testCertificate(['host-7.example']), { hosts: ['host-7.example'] });

  const all = costOf(settings);
  const one = costOf(settings.with(7, renewed));

  assert.ok(one < all / 3, `${all} µs for all, ${one} µs for one`);
});
