import assert from 'node:assert/strict';
import { createHash, createPublicKey, X509Certificate } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import type { AcmeChallenge } from '../../src/core/acme-challenge.ts';
import { issueCertificate } from '../../src/tls/issue-certificate.ts';
import { generateKey, keyToPem } from '../../src/tls/private-key.ts';
import { testCertificate } from '../support/certificates.ts';
import { beginTlsClient, openClient, openTlsClient } from '../support/client.ts';
import { startFront, type TestFront } from '../support/front.ts';

// What a certificate authority meets at our listeners. How it is led there is told in test/conformance/acme.test.ts.

const TOKEN = 'evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA';
const PATH = `/.well-known/acme-challenge/${TOKEN}`;
const PROOF: AcmeChallenge = {
  kind: 'http-01',
  host: 'shop.example',
  token: TOKEN,
  answer: `${TOKEN}.thumb`,
};

test('a proof by HTTP-01 is answered before routes and modules, on plain listeners only', async (t) => {
  const front = await startSite(t);
  front.server.answerChallenges([PROOF]);

  assert.match(await get(t, front, 'shop.example', PATH), /^HTTP\/1.1 200 OK\r\n.*\r\n\r\n.+\.thumb$/s);
  assert.match(await get(t, front, 'SHOP.example:80', PATH), /^HTTP\/1.1 200 /);
  const tls = await openTlsClient(t, front.port(1), { servername: 'shop.example' });
  tls.send(`GET ${PATH} HTTP/1.1\r\nhost: shop.example\r\nconnection: close\r\n\r\n`);
  await tls.untilEnded();
  assert.match(tls.text, /^HTTP\/1.1 301 /);
});

test('any other host, path, token or method goes to the routes, and everything does when no proof is pending', async (t) => {
  const front = await startSite(t);
  const isRouted = async (host: string, path: string, method = 'GET'): Promise<void> =>
    assert.match(await get(t, front, host, path, method), /^HTTP\/1.1 301 /, `${method} ${host}${path}`);

  await isRouted('shop.example', PATH);
  front.server.answerChallenges([PROOF]);
  await isRouted('other.example', PATH);
  await isRouted('shop.example', `${PATH}x`);
  await isRouted('shop.example', `${PATH}/`);
  await isRouted('shop.example', `${PATH}?a=b`);
  await isRouted('shop.example', '/.well-known/acme-challenge/');
  await isRouted('shop.example', '/.well-known/acme-challenge/__proto__');
  await isRouted('shop.example', '/');
  await isRouted('shop.example', PATH, 'DELETE');
  front.server.answerChallenges([]);
  await isRouted('shop.example', PATH);
});

test('a handshake for acme-tls/1 alone is shown the proof, and the connection closes', async (t) => {
  const front = await startSite(t);
  const pair = challengePair('shop.example');
  front.server.answerChallenges([{ kind: 'tls-alpn-01', host: 'shop.example', ...pair }]);

  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    const client = await openTlsClient(t, front.port(1), {
      servername: 'shop.example',
      ALPNProtocols: ['acme-tls/1'],
      rejectUnauthorized: false,
      maxVersion,
    });
    assert.equal(client.socket.alpnProtocol, 'acme-tls/1');
    const shown = client.socket.getPeerX509Certificate()!;
    assert.equal(shown.fingerprint256, new X509Certificate(pair.cert).fingerprint256);
    assert.equal(await client.untilEnded(), 'end');
    client.end();
    assert.equal(client.receivedBytes, 0);
  }
  await front.settled();
  assert.deepEqual(front.refusals, []);
});

test('what is offered beside acme-tls/1 is served as ever, with the certificate of the host', async (t) => {
  const front = await startSite(t);
  front.server.answerChallenges([
    { kind: 'tls-alpn-01', host: 'shop.example', ...challengePair('shop.example') },
  ]);

  const client = await openTlsClient(t, front.port(1), {
    servername: 'shop.example',
    ALPNProtocols: ['acme-tls/1', 'http/1.1'],
  });

  assert.equal(client.socket.alpnProtocol, 'http/1.1');
  assert.equal(client.socket.authorized, true);
});

test('without a pending proof for the host, acme-tls/1 ends with the alert no_application_protocol', async (t) => {
  const front = await startSite(t);
  const offer = { servername: 'shop.example', ALPNProtocols: ['acme-tls/1'], rejectUnauthorized: false };
  const isRefused = (options: typeof offer): Promise<void> =>
    assert.rejects(beginTlsClient(t, front.port(1), options).secured, /no.application.protocol/i);

  await isRefused(offer);
  front.server.answerChallenges([
    { kind: 'tls-alpn-01', host: 'shop.example', ...challengePair('shop.example') },
  ]);
  await isRefused({ ...offer, servername: 'other.example' });
  front.server.answerChallenges([]);
  await isRefused(offer);
});

test('more proofs than a certificate has names are refused', async (t) => {
  const front = await startSite(t);
  const many = (count: number): AcmeChallenge[] =>
    Array.from({ length: count }, (_, i) => ({ ...PROOF, host: `h${i}.example` }));

  assert.throws(() => front.server.answerChallenges(many(101)), /too many/);
  front.server.answerChallenges(many(100));
});

function startSite(t: TestContext): Promise<TestFront> {
  const { cert, key } = testCertificate(['shop.example', 'other.example']);
  return startFront(
    t,
    `
listen: [{ address: "127.0.0.1:0" }, { address: "localhost:0", tls: true }]
certificates: [{ cert: shop.pem, key: shop.key }]
tenants:
  all:
    hosts: ["shop.example", "other.example"]
    routes: [{ redirect: { to: "https://shop.example/", status: 301 } }]
`,
    { files: { 'shop.pem': cert, 'shop.key': key } },
  );
}

async function get(
  t: TestContext,
  front: TestFront,
  host: string,
  path: string,
  method = 'GET',
): Promise<string> {
  const client = await openClient(t, front.port(0));
  client.send(`${method} ${path} HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`);
  await client.untilEnded();
  return client.text;
}

function challengePair(host: string): { cert: string; key: string } {
  const key = generateKey('ec');
  const digest = createHash('sha256').update('proof').digest();
  const cert = issueCertificate(
    {
      commonName: 'challenge',
      publicKey: createPublicKey(key),
      profile: { kind: 'acme-challenge', host: { kind: 'dns', name: host }, digest },
      notBefore: Date.now() - 1000,
      notAfter: Date.now() + 3_600_000,
    },
    { certificate: undefined, privateKey: key },
  );
  return { cert, key: keyToPem(key) };
}
