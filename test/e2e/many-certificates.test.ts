import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testCertificate } from '../support/certificates.ts';
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
