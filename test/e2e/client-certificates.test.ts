import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { type TestContext, test } from 'node:test';
import type { ConnectionOptions, TLSSocket } from 'node:tls';
import type { IssuedPair } from '../../src/tls/local-authority.ts';
import { testAuthority, testCertificate } from '../support/certificates.ts';
import { beginTlsClient, openClient, openTlsClient, requestText } from '../support/client.ts';
import { ClientAuthority } from '../support/client-authority.ts';
import { startFront, type TestFront } from '../support/front.ts';
import { eachRequest, ok, startOrigin } from '../support/origin.ts';
import type { Peer } from '../support/peer.ts';

const VERSIONS = ['TLSv1.2', 'TLSv1.3'] as const;
const DAY_MS = 86_400_000;

const partners = new ClientAuthority();
const strangers = new ClientAuthority();
const till = partners.issue('till 7');
const GOOD = certificateOptions(till);

function certificateOptions({ cert, key }: IssuedPair): ConnectionOptions {
  return { cert, key };
}

interface Plan {
  /** YAML flow of the `tls` of tenant `bank`. */
  readonly tls?: string;
  /** Read anew at each reload. */
  readonly files?: Record<string, string>;
  /** What requests of `bank` and `shop` are forwarded to; without it they answer with their names. */
  readonly origin?: number;
  /** What streams of `bank` are relayed to; it has no routes then. */
  readonly stream?: number;
  /** YAML flow of the routes of `bank`. */
  readonly routes?: string;
  readonly defaultTenant?: string;
}

const BANK = '{ clientAuth: { ca: partners.pem } }';

function config({ tls = BANK, origin, stream, routes: own, defaultTenant }: Plan): string {
  const routes = (name: string) =>
    origin === undefined ? `[{ respond: { status: 200, body: ${name} } }]` : '[{ cluster: web }]';
  const bank = stream === undefined ? `routes: ${own ?? routes('bank')}` : 'stream: web';
  return `
listen: [{ address: "127.0.0.1:0", tls: true }, { address: "127.0.0.1:0" }]
drain: 1s
certificates: [{ cert: site.pem, key: site.key, default: true }]
${defaultTenant === undefined ? '' : `defaultTenant: ${defaultTenant}`}
tenants:
  bank: { hosts: [bank.example, www.bank.example], tls: ${tls}, ${bank} }
  shop: { hosts: [shop.example], routes: ${routes('shop')} }
clusters: { web: { instances: [{ address: "127.0.0.1:${origin ?? stream ?? 9}" }] } }
`;
}

function start(t: TestContext, plan: Plan = {}): Promise<TestFront> {
  const site = testCertificate(['bank.example', 'www.bank.example', 'shop.example']);
  const { files = {} } = plan;
  Object.assign(files, { 'site.pem': site.cert, 'site.key': site.key, 'partners.pem': partners.cert });
  return startFront(t, config(plan), { files });
}

async function statusOf(client: Peer, host: string): Promise<number> {
  client.send(requestText('GET /', [], host));
  return (await client.message()).status;
}

/** The error that a client of bank.example sees when it sends a request, and the reason that is logged. */
async function refusal(t: TestContext, front: TestFront, options: ConnectionOptions) {
  await front.settled();
  const served = front.exchanges.length;
  const { peer } = beginTlsClient(t, front.port(), { servername: 'bank.example', ...options });
  peer.send(requestText('GET /', [], 'bank.example'));
  const ending = await peer.untilEnded();
  peer.end();
  await front.settled();
  assert.equal(peer.text, '');
  assert.equal(front.exchanges.length, served);
  const { error } = front.refusals.at(-1)!;
  assert.equal(error!.name, 'tls-handshake-failed');
  return { ending, alert: peer.error?.message ?? '', reason: error!.detail };
}

for (const version of VERSIONS) {
  const only = { minVersion: version, maxVersion: version } as const;

  test(`a client with a good certificate is served, and the session says who it is, on ${version}`, async (t) => {
    const front = await start(t);
    const client = await openTlsClient(t, front.port(), { servername: 'bank.example', ...only, ...GOOD });

    assert.equal(await statusOf(client, 'bank.example'), 200);

    const { client: identity } = front.exchanges[0]!.session.tls!;
    assert.equal(identity!.isVerified, true);
    assert.equal(identity!.reason, '');
    assert.equal(identity!.certificate!.subject, 'CN=till 7');
    assert.match(identity!.certificate!.issuer, /^CN=Portico local CA/);
    assert.match(identity!.certificate!.serial, /^[0-9A-F]{32}$/);
    assert.match(identity!.certificate!.fingerprint, /^[0-9a-f]{64}$/);
  });

  test(`a client without a certificate gets the alert for it, on ${version}`, async (t) => {
    const front = await start(t);

    const { alert, reason } = await refusal(t, front, only);

    assert.match(alert, version === 'TLSv1.3' ? /alert certificate required/ : /alert handshake failure/);
    assert.equal(reason, 'client-certificate-missing');
  });

  for (const [what, reason, pair, crl] of [
    // Of the same name, with another key.
    ['of another authority', 'client-certificate-untrusted', strangers.issue('till 7'), undefined],
    ['for servers', 'client-certificate-untrusted', partners.issue('x', { kind: 'server' }), undefined],
    [
      'that has expired',
      'client-certificate-expired',
      partners.issue('x', { untilMs: Date.now() - DAY_MS }),
      undefined,
    ],
    ['that is not valid yet', 'client-certificate-expired', partners.issue('x', { fromDays: 1 }), undefined],
    ['that was revoked', 'client-certificate-revoked', till, partners.revoke([till])],
  ] as const) {
    test(`a certificate ${what} is refused before anything is served, on ${version}`, async (t) => {
      const files = { 'revoked.pem': crl ?? '' };
      const tls = crl === undefined ? BANK : '{ clientAuth: { ca: partners.pem, crl: revoked.pem } }';
      const front = await start(t, { tls, files });

      const refused = await refusal(t, front, { ...only, ...certificateOptions(pair) });

      assert.equal(refused.reason, reason);
      assert.notEqual(refused.ending, 'destroyed');
      const { client } = front.closedSessions.at(-1)!.tls!;
      assert.equal(client!.isVerified, false);
      assert.notEqual(client!.certificate, undefined);
    });
  }

  test(`a list of revoked certificates lets the others in, on ${version}`, async (t) => {
    const files = { 'revoked.pem': partners.revoke([partners.issue('lost')]) };
    const front = await start(t, { tls: '{ clientAuth: { ca: partners.pem, crl: [revoked.pem] } }', files });
    const client = await openTlsClient(t, front.port(), { servername: 'bank.example', ...only, ...GOOD });

    assert.equal(await statusOf(client, 'bank.example'), 200);
  });

  test(`a resumed session keeps the verdict on its client, on ${version}`, async (t) => {
    const front = await start(t);
    const session = await sessionOf(t, front, { servername: 'bank.example', ...only, ...GOOD });

    // Without its certificate: the ticket is all it has.
    const again = await openTlsClient(t, front.port(), { servername: 'bank.example', ...only, session });

    assert.equal(await statusOf(again, 'bank.example'), 200);
    assert.equal(again.socket.isSessionReused(), true);
    const { resumed, client } = front.exchanges.at(-1)!.session.tls!;
    assert.equal(resumed, true);
    assert.equal(client!.certificate!.subject, 'CN=till 7');
  });

  test(`a session that began where nobody was asked is not resumed where clients are, on ${version}`, async (t) => {
    const front = await start(t);
    const session = await sessionOf(t, front, { servername: 'shop.example', ...only });

    const { alert, reason } = await refusal(t, front, { ...only, session });

    assert.match(alert, version === 'TLSv1.3' ? /alert certificate required/ : /alert handshake failure/);
    assert.equal(reason, 'client-certificate-missing');
  });

  test(`a session is not resumed when its client has been revoked meanwhile, on ${version}`, async (t) => {
    const tls = '{ clientAuth: { ca: partners.pem, crl: revoked.pem } }';
    const files = { 'revoked.pem': partners.revoke([]) };
    const front = await start(t, { tls, files });
    const session = await sessionOf(t, front, { servername: 'bank.example', ...only, ...GOOD });
    files['revoked.pem'] = partners.revoke([till]);
    await front.reload(config({ tls }));

    const { reason } = await refusal(t, front, { ...only, ...GOOD, session });

    assert.equal(reason, 'client-certificate-revoked');
  });
}

test('a client that is only requested to show a certificate is served without', async (t) => {
  const front = await start(t, { tls: '{ clientAuth: { mode: request, ca: partners.pem } }' });
  const cases = [
    [{}, 'client-certificate-missing', undefined],
    [certificateOptions(strangers.issue('nobody')), 'client-certificate-untrusted', 'CN=nobody'],
    [GOOD, '', 'CN=till 7'],
  ] as const;
  for (const [options, reason, subject] of cases) {
    const client = await openTlsClient(t, front.port(), { servername: 'bank.example', ...options });

    assert.equal(await statusOf(client, 'bank.example'), 200);

    const identity = front.exchanges.at(-1)!.session.tls!.client!;
    assert.equal(identity.isVerified, reason === '');
    assert.equal(identity.reason, reason);
    assert.equal(identity.certificate?.subject, subject);
  }
});

test('backends are told who the client is, and never what it says of itself', async (t) => {
  const origin = await startOrigin(
    t,
    eachRequest(({ headers }, connection) => {
      const body = JSON.stringify(clientFields(headers));
      connection.send(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    }),
  );
  const mode = 'mode: request, ca: partners.pem, headers: true';
  const front = await start(t, { tls: `{ clientAuth: { ${mode} } }`, origin: origin.port });
  const lies = [
    'X-Client-Cert-Subject: CN=root',
    'X-Client-Cert-Verified: yes',
    'x_client_cert_subject: CN=root',
    'X-Client_Cert-Anything: 1',
    'x-client-certificate: kept',
  ];
  const fieldsFor = async (servername: string, options: ConnectionOptions) => {
    const client = await openTlsClient(t, front.port(), { servername, ...options });
    client.send(requestText('GET /', lies, servername));
    return JSON.parse((await client.message()).body);
  };

  const known = await fieldsFor('bank.example', GOOD);
  assert.deepEqual(Object.keys(known).toSorted(), [
    'x-client-cert-fingerprint',
    'x-client-cert-issuer',
    'x-client-cert-serial',
    'x-client-cert-subject',
    'x-client-cert-verified',
    'x-client-certificate',
  ]);
  assert.equal(known['x-client-cert-verified'], 'yes');
  assert.equal(known['x-client-cert-subject'], 'CN=till 7');
  const kept = { 'x-client-certificate': 'kept' };
  const unknown = { 'x-client-cert-verified': 'no', ...kept };
  assert.deepEqual(await fieldsFor('bank.example', {}), unknown);
  assert.deepEqual(await fieldsFor('bank.example', certificateOptions(strangers.issue('root'))), unknown);
  // A tenant that asks nobody: nothing of it, and no lies.
  assert.deepEqual(await fieldsFor('shop.example', {}), kept);
});

test('a stream reaches its instance only from a client that was verified', async (t) => {
  const origin = await startOrigin(t, (connection) => connection.send('welcome'));
  const tls = '{ protocols: [stream], clientAuth: { ca: partners.pem } }';
  const front = await start(t, { tls, stream: origin.port });
  const stranger = certificateOptions(strangers.issue('till 7'));
  for (const options of [{}, stranger]) {
    const { peer } = beginTlsClient(t, front.port(), { servername: 'bank.example', ...options });
    peer.send('let me in');
    await peer.untilEnded();
    assert.equal(peer.text, '');
    peer.end();
  }
  await front.settled();
  assert.equal(origin.connections.length, 0);
  assert.deepEqual(
    front.refusals.map(({ error }) => error!.detail),
    ['client-certificate-missing', 'client-certificate-untrusted'],
  );

  const client = await openTlsClient(t, front.port(), { servername: 'bank.example', ...GOOD });

  await client.untilText('welcome');
});

test('routes may look at who the client is', async (t) => {
  const front = await start(t, {
    tls: '{ clientAuth: { mode: request, ca: partners.pem } }',
    routes: `[{ when: "ses_tls_client_auth()", respond: { status: 200 } }, { respond: { status: 403 } }]`,
  });
  for (const [options, status] of [
    [GOOD, 200],
    [{}, 403],
    [certificateOptions(strangers.issue('till 7')), 403],
  ] as const) {
    const client = await openTlsClient(t, front.port(), { servername: 'bank.example', ...options });
    assert.equal(await statusOf(client, 'bank.example'), status);
    assert.equal(await statusOf(client, 'bank.example'), status, 'of a repeated head');
  }
});

test('over HTTP/2 too a client is asked, and described to backends', async (t) => {
  const origin = await startOrigin(
    t,
    eachRequest(({ headers }, connection) => connection.send(ok(headers.get('x-client-cert-subject') ?? ''))),
  );
  const front = await start(t, {
    tls: '{ clientAuth: { ca: partners.pem, headers: true } }',
    origin: origin.port,
  });
  const session = connectHttp2(`https://127.0.0.1:${front.port()}`, {
    ...GOOD,
    servername: 'bank.example',
    ca: testAuthority().cert,
  });
  t.after(() => session.destroy());
  const request = session.request({ ':authority': 'bank.example', 'x-client-cert-subject': 'CN=root' });
  request.setEncoding('utf8');
  let body = '';
  for await (const chunk of request) body += chunk;

  assert.equal(body, 'CN=till 7');
  assert.equal(front.exchanges[0]!.session.protocol, 'h2');
});

test('a host that asks for certificates is not to be had over a connection that was not asked', async (t) => {
  const front = await start(t);
  const nameless = await openTlsClient(t, front.port(), {});
  const other = await openTlsClient(t, front.port(), { servername: 'shop.example' });
  const plain = await openClient(t, front.port(1));
  const asked = await openTlsClient(t, front.port(), { servername: 'bank.example', ...GOOD });
  const namelessWithCertificate = await openTlsClient(t, front.port(), GOOD);

  for (const client of [nameless, other, plain, namelessWithCertificate])
    for (const host of ['bank.example', 'www.bank.example']) assert.equal(await statusOf(client, host), 421);
  for (const client of [nameless, other, plain]) assert.equal(await statusOf(client, 'shop.example'), 200);
  assert.equal(await statusOf(asked, 'www.bank.example'), 200);
  assert.equal(await statusOf(asked, 'shop.example'), 421);
});

test('the tenant of clients without SNI may ask for certificates too', async (t) => {
  const front = await start(t, { defaultTenant: 'bank' });
  const { reason } = await refusal(t, front, { servername: '' });
  assert.equal(reason, 'client-certificate-missing');

  const client = await openTlsClient(t, front.port(), GOOD);

  assert.equal(await statusOf(client, 'bank.example'), 200);
});

test('a connection that is older than what its host asks for now has to be opened anew', async (t) => {
  const front = await start(t, { tls: '{}' });
  const old = await openTlsClient(t, front.port(), { servername: 'bank.example' });
  assert.equal(await statusOf(old, 'bank.example'), 200);

  await front.reload(config({}));

  assert.equal(await statusOf(old, 'bank.example'), 421);
  const fresh = await openTlsClient(t, front.port(), { servername: 'bank.example', ...GOOD });
  assert.equal(await statusOf(fresh, 'bank.example'), 200);
  await front.reload(config({}));
  assert.equal(await statusOf(fresh, 'bank.example'), 200, 'the same settings again change nothing');
});

function clientFields(headers: ReadonlyMap<string, string>): Record<string, string> {
  return Object.fromEntries([...headers].filter(([name]) => /^x[-_]client/.test(name)));
}

/** A session that can be resumed, of a client that has been served once. */
async function sessionOf(t: TestContext, front: TestFront, options: ConnectionOptions): Promise<Buffer> {
  const { peer } = beginTlsClient(t, front.port(), options);
  const session = once(peer.socket as TLSSocket, 'session');
  assert.equal(await statusOf(peer, options.servername!), 200);
  peer.end();
  return (await session)[0];
}
