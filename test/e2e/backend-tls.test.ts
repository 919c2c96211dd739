import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { createAuthority } from '../../src/tls/local-authority.ts';
import { testAuthority, testCertificate } from '../support/certificates.ts';
import { openClient, requestText } from '../support/client.ts';
import { plainConfig, startFront, type TestFront } from '../support/front.ts';
import { answering, eachRequest, type OriginScript, ok, startOrigin } from '../support/origin.ts';
import type { Peer } from '../support/peer.ts';
import { startTlsOrigin, type TlsOrigin } from '../support/tls-origin.ts';

const CLIENT = testCertificate(['front.internal']);
const FILES: Record<string, string> = {
  'ca.pem': testAuthority().cert,
  'other-ca.pem': createAuthority(Date.now()).cert,
  'client.pem': CLIENT.cert,
  'client.key': CLIENT.key,
};

for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
  test(`an instance that speaks ${version} only is verified, spoken to, and its connection kept`, async (t) => {
    const versions = { minVersion: version, maxVersion: version };
    const { front, client, origin } = await start(t, { origin: versions }, answering(ok('secret')));

    for (const path of ['/one', '/two']) {
      client.send(requestText(`GET ${path}`));
      assert.equal((await client.message()).body, 'secret');
    }

    assert.equal(origin.connections.length, 1);
    assert.equal(origin.tls(0).getProtocol(), version);
    assert.equal(origin.tls(0).alpnProtocol, false);
    assert.equal(front.upstreamConnections, 1);
  });
}

test('the name of the instance is asked for and verified, an address only verified', async (t) => {
  const { client, origin } = await start(t, { host: 'localhost' }, answering(ok('named')));
  const literal = await start(t, {}, answering(ok('literal')));

  client.send(requestText('GET /'));
  literal.client.send(requestText('GET /'));

  assert.equal((await client.message()).body, 'named');
  assert.equal((await literal.client.message()).body, 'literal');
  assert.equal(servername(origin), 'localhost');
  assert.equal(servername(literal.origin), false);
});

test('another name can be asked for and verified', async (t) => {
  for (const [serverName, asked] of [
    ['API.internal', 'api.internal'],
    ['127.0.0.2', false],
  ] as const) {
    const certificate = testCertificate([serverName.toLowerCase()]);
    const setting = { origin: certificate, tls: `serverName: "${serverName}"` };
    const { client, origin } = await start(t, setting, answering(ok('yes')));

    client.send(requestText('GET /'));

    assert.equal((await client.message()).body, 'yes');
    assert.equal(servername(origin), asked);
  }
});

for (const [what, setting, detail] of [
  [
    'is for another name',
    { origin: testCertificate(['other.internal']) },
    /certificate is for another name$/,
  ],
  ['is from an authority that is not trusted', { ca: 'other-ca.pem' }, /from an unknown authority$/],
  ['is from an authority that nobody knows', { ca: undefined }, /from an unknown authority$/],
  ['has expired', { origin: testCertificate(['127.0.0.1'], { untilDays: -2 }) }, /certificate has expired$/],
  [
    'is not valid yet',
    { origin: testCertificate(['127.0.0.1'], { fromDays: 2 }) },
    /certificate is not valid yet$/,
  ],
  [
    'goes with a version that is too old',
    { origin: { maxVersion: 'TLSv1.2' }, tls: 'minVersion: "1.3"' },
    /no TLS version in common$/,
  ],
  [
    'comes with the wish for one of ours',
    { origin: { requestCert: true, ca: testAuthority().cert, maxVersion: 'TLSv1.2' } },
    /handshake/,
  ],
] as const satisfies readonly (readonly [string, Setting, RegExp])[]) {
  test(`an instance whose certificate ${what} is sent nothing`, async (t) => {
    const { front, client, origin } = await start(t, setting, answering(ok('no')));

    client.send(requestText('GET /'));
    const answer = await client.message();

    assert.equal(answer.status, 502);
    const { error } = front.exchanges[0]!;
    assert.equal(error?.name, 'backend-tls-failed');
    assert.match(error.detail, detail);
    assert.doesNotMatch(error.detail, /[A-Z]{3}_/);
    assert.equal(origin.text, '');
    assert.equal(front.count('upstreamFailed'), 1);
    assert.equal(front.upstreamConnections, 0);
  });
}

test('an instance that does not speak TLS is sent no request', async (t) => {
  const origin = await startOrigin(
    t,
    (connection) => void connection.send('HTTP/1.1 400 Bad Request\r\n\r\n'),
  );
  const front = await startFront(t, tlsConfig([origin.address]), { files: FILES });
  const client = await openClient(t, front.port());

  client.send(requestText('GET /'));

  assert.equal((await client.message()).status, 502);
  assert.equal(front.exchanges[0]?.error?.name, 'backend-tls-failed');
  assert.match(front.exchanges[0].error.detail, /does not speak TLS/);
  assert.doesNotMatch(origin.text, /GET/);
});

for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
  test(`a client certificate is shown to an instance that requires it (${version})`, async (t) => {
    // Test certificates are for servers only: what it makes of it is its own affair.
    const asking = { requestCert: true, rejectUnauthorized: false, ca: testAuthority().cert };
    const setting = {
      origin: { ...asking, minVersion: version, maxVersion: version },
      tls: 'cert: client.pem\nkey: client.key',
    };
    const { client, origin: shown } = await start(t, setting, answering(ok('known')));

    client.send(requestText('GET /'));

    assert.equal((await client.message()).body, 'known');
    assert.equal(shown.tls(0).getPeerCertificate().subject?.CN, 'front.internal');
  });
}

test('an instance that refuses us only after the handshake costs an error that says why', async (t) => {
  const origin = { requestCert: true, ca: testAuthority().cert, minVersion: 'TLSv1.3' } as const;
  const { front, client } = await start(t, { origin }, answering(ok('no')));

  client.send(requestText('GET /'));

  assert.equal((await client.message()).status, 502);
  assert.equal(front.exchanges[0]?.error?.name, 'backend-tls-failed');
  assert.match(front.exchanges[0].error.detail, /requires a client certificate/);
});

test('with verify: false anybody is believed', async (t) => {
  const setting = { origin: testCertificate(['other.internal'], { untilDays: -2 }), tls: 'verify: false' };
  const { client } = await start(t, setting, answering(ok('well')));

  client.send(requestText('GET /'));

  assert.equal((await client.message()).body, 'well');
});

for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
  test(`a further connection resumes the session of the last (${version})`, async (t) => {
    const reused: boolean[] = [];
    const script = eachRequest((_request, connection) => {
      reused.push((connection.socket as TLSSocket).isSessionReused());
      connection.send(ok('well', ['connection: close']));
    });
    const setting = { origin: { minVersion: version, maxVersion: version } };
    const { front, client } = await start(t, setting, script);

    for (const path of ['/one', '/two']) {
      client.send(requestText(`GET ${path}`));
      await client.message();
      await front.until(() => front.upstreamConnections === 0);
    }

    assert.deepEqual(reused, [false, true]);
  });
}

test('a session does not outlive the trust under which it began', async (t) => {
  const { front, client, origin } = await start(t, {}, answering(ok('well')));
  client.send(requestText('GET /'));
  await client.message();

  await front.reload(tlsConfig([origin.address], 'ca: other-ca.pem'));
  client.send(requestText('GET /'));

  assert.equal((await client.message()).status, 502);
  assert.equal(front.exchanges[1]?.error?.name, 'backend-tls-failed');
});

test('a reload with the right authority heals, and one that changes nothing keeps the connections', async (t) => {
  const { front, client, origin } = await start(t, { ca: 'other-ca.pem' }, answering(ok('well')));
  client.send(requestText('GET /'));
  assert.equal((await client.message()).status, 502);

  await front.reload(tlsConfig([origin.address], 'ca: ca.pem'));
  client.send(requestText('GET /'));
  assert.equal((await client.message()).body, 'well');
  await front.reload(tlsConfig([origin.address], 'ca: ca.pem'));
  client.send(requestText('GET /'));

  assert.equal((await client.message()).body, 'well');
  assert.equal(origin.connections.length, 1);
});

test('a reload from plain to TLS lets what is in flight end on its connection, and keeps health', async (t) => {
  const origin = await startOrigin(t);
  const plain = plainConfig([origin.address], '', 'health: { fail: 2 }');
  const front = await startFront(t, plain, { files: FILES });
  const clients = [await openClient(t, front.port()), await openClient(t, front.port())];
  clients[0]!.send(requestText('GET /'));
  const first = await origin.connection(0);
  await first.message();

  await front.reload(tlsConfig([origin.address], 'ca: ca.pem', 'health: { fail: 2 }'));
  clients[1]!.send(requestText('GET /'));
  (await origin.connection(1)).reset();
  assert.equal((await clients[1]!.message()).status, 502);
  first.send(ok('still'));

  assert.equal((await clients[0]!.message()).body, 'still');
  await first.untilEnded();
  assert.equal(front.upstreamConnections, 0);
});

test('an instance whose TLS fails is retried elsewhere, counted, and ejected', async (t) => {
  const bad = await startTlsOrigin(t, testCertificate(['other.internal']));
  const good = await startTlsOrigin(t, {}, answering(ok('well')));
  const yaml = tlsConfig([bad.address, good.address], 'ca: ca.pem', 'health: { fail: 1, interval: 1h }');
  const front = await startFront(t, yaml, { files: FILES });
  const client = await openClient(t, front.port());

  client.send(requestText('POST /'));

  assert.equal((await client.message()).body, 'well');
  assert.equal(front.exchanges[0]?.attempts, 2);
  assert.equal(front.instances()[0]?.state, 'ejected');
  assert.equal(front.instances()[1]?.state, 'healthy');
});

for (const [method, version, body] of [
  ['GET', 'TLSv1.2', 'well'],
  ['POST', 'TLSv1.2', 'well'],
  ['GET', 'TLSv1.3', 'well'],
  // It may have come too late to keep the instance from reading the request.
  ['POST', 'TLSv1.3', 'backend-tls-failed'],
] as const) {
  test(`of an instance that wants a certificate by ${version}, a ${method} gets: ${body}`, async (t) => {
    const asking = { requestCert: true, ca: testAuthority().cert, maxVersion: version };
    const bad = await startTlsOrigin(t, asking, answering(ok('no')));
    const good = await startTlsOrigin(t, {}, answering(ok('well')));
    const yaml = tlsConfig([bad.address, good.address], 'ca: ca.pem', 'health: { fail: 1, interval: 1h }');
    const front = await startFront(t, yaml, { files: FILES });
    const client = await openClient(t, front.port());

    client.send(requestText(`${method} /`));

    const answer = await client.message();
    assert.ok(answer.body.includes(body), answer.body);
    assert.equal(front.instances()[0]?.state, 'ejected');
  });
}

test('a handshake that stands still ends with the time to connect', async (t) => {
  const origin = await startOrigin(t);
  const front = await startFront(t, tlsConfig([origin.address], '', 'timeouts: { connect: 50ms }'));
  const client = await openClient(t, front.port());

  client.send(requestText('GET /'));

  assert.equal((await client.message()).status, 504);
  assert.equal(front.exchanges[0]?.error?.name, 'connect-timeout');
  assert.match(front.exchanges[0].error.detail, /no TLS handshake/);
  await (await origin.connection(0)).untilEnded();
});

test('bodies of a MiB pass both ways', async (t) => {
  const body = 'abcdefghijklmnop'.repeat(65_536);
  const script = eachRequest((request, connection) => connection.send(ok(request.body)));
  const { client } = await start(t, {}, script);

  client.send(requestText('POST /', [`Content-Length: ${body.length}`])).send(body);

  assert.equal((await client.message()).body, body);
});

test('the answer of an instance that refuses a body and resets the connection arrives', async (t) => {
  const refusal = 'HTTP/1.1 413 Content Too Large\r\ncontent-length: 4\r\nconnection: close\r\n\r\nmuch';
  const { client, origin } = await start(
    t,
    {},
    onHead((connection) => {
      connection.send(refusal);
      connection.socket.pause();
    }),
  );
  client.send(requestText('POST /', ['Content-Length: 100000000']));
  await origin.connection(0);
  client.send('x'.repeat(1_000_000));

  const answer = await client.message();
  assert.equal(answer.status, 413);
  assert.equal(answer.body, 'much');
});

test('a response that the end of the connection ends is complete when that end was announced', async (t) => {
  for (const apart of [false, true]) {
    const { front, client, origin } = await start(
      t,
      {},
      onHead((connection) => {
        connection.send('HTTP/1.1 200 OK\r\n\r\nall of it');
        if (!apart) connection.end();
      }),
    );

    client.send(requestText('GET /'));
    await client.untilText('all of it');
    origin.connections[0]!.end();

    assert.equal((await client.message()).body, 'all of it');
    assert.equal(front.exchanges[0]?.error, undefined);
  }
});

test('a response that is ended below TLS is cut, not completed', async (t) => {
  const { front, client, origin } = await start(
    t,
    {},
    onHead((connection) => void connection.send('HTTP/1.1 200 OK\r\n\r\nsome of it')),
  );
  client.send(requestText('GET /'));
  await client.untilText('some of it');

  origin.truncate(0);

  await client.untilEnded();
  assert.doesNotMatch(client.text, /\r\n0\r\n\r\n$/);
  assert.equal(front.exchanges[0]?.error?.name, 'response-cut');
  assert.match(front.exchanges[0].error.detail, /without close_notify/);
  front.assertNothingInFlight();
});

test('a large response to a slow client that the announced end of the connection ends is complete', async (t) => {
  const body = 'abcdefghijklmnop'.repeat(512 * 1024);
  const { front, client, origin } = await start(
    t,
    {},
    onHead((connection) => void connection.end(`HTTP/1.1 200 OK\r\n\r\n${body}`)),
  );
  client.socket.pause();
  client.send(requestText('GET /'));
  await origin.connection(0);
  await origin.connections[0]!.until(() => origin.tls(0).writableLength < body.length);
  client.socket.resume();

  assert.equal((await client.message()).body, body);
  assert.equal(front.exchanges[0]?.error, undefined);
});

for (const announced of [true, false]) {
  test(`a tunnel whose instance ends ${announced ? 'by close_notify is ended' : 'below TLS is cut'}`, async (t) => {
    const { front, client, origin } = await start(
      t,
      {},
      onHead((connection) => void connection.send(SWITCHED)),
    );
    client.send(requestText('GET /', ['Connection: upgrade', 'Upgrade: echo']));
    await client.untilText('hi');

    if (announced) origin.connections[0]!.end();
    else origin.truncate(0);

    await client.untilEnded();
    client.end();
    await front.settled();
    assert.equal(front.exchanges[0]?.error?.name, announced ? undefined : 'response-cut');
  });
}

for (const [kind, lines, connections] of [
  ['kept', '', 1],
  // The first request goes past it, because it is only being opened then.
  ['shared', 'pipelining: { depth: 4 }', 2],
] as const) {
  test(`a GET on a ${kind} connection whose TLS breaks is sent again, as with any other end of it`, async (t) => {
    let isBroken = false;
    const origin = await startTlsOrigin(
      t,
      {},
      eachRequest(({ startLine }, connection) => {
        if (startLine.includes('/broken') && !isBroken) {
          isBroken = true;
          origin.below[origin.connections.indexOf(connection)]!.write('no record of TLS');
        } else connection.send(ok('well'));
      }),
    );
    const yaml = tlsConfig([origin.address], 'ca: ca.pem', `health: { fail: 1, interval: 1h }\n${lines}`);
    const front = await startFront(t, yaml, { files: FILES });
    const client = await openClient(t, front.port());
    for (let i = 0; i < 3; i++) {
      client.send(requestText('GET /'));
      await client.message();
      await origin.connection(connections - 1);
    }

    client.send(requestText('GET /broken'));

    assert.equal((await client.message()).body, 'well');
    assert.ok(isBroken);
    assert.equal(front.instances()[0]?.state, 'healthy');
  });
}

for (const [step, kill, name] of [
  [
    'before the handshake',
    (_peer: Peer | undefined, origin: TlsOrigin) => origin.below[0]!.destroy(),
    'backend-tls-failed',
  ],
  ['in the head of the response', send('HTTP/1.1 200 OK\r\ncontent-le'), 'connection-lost'],
  ['with the request', send(''), 'connection-lost'],
  ['in the body of the response', send('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n12345'), 'response-cut'],
] as const) {
  test(`an instance that dies ${step} costs one request`, async (t) => {
    const early = step === 'before the handshake';
    const { front, client, origin } = await start(
      t,
      {},
      onHead((connection) => kill(connection, origin)),
    );
    if (early) origin.onBelow = () => kill(undefined, origin);

    client.send(requestText('GET /'));
    await front.until(() => front.exchanges.length > 0);

    assert.equal(front.exchanges[0]?.error?.name, name);
    front.assertNothingInFlight();
    assert.equal(front.upstreamConnections, 0);
  });
}

for (const path of ['path: /well, ', '']) {
  test(`probes ${path === '' ? 'without' : 'with'} a path go over TLS`, async (t) => {
    const good = await startTlsOrigin(t, {}, answering(ok('well')));
    const bad = await startTlsOrigin(t, testCertificate(['other.internal']), answering(ok('no')));
    const health = `health: { ${path}interval: 20ms, fail: 1 }`;
    const front = await startFront(t, tlsConfig([bad.address, good.address], 'ca: ca.pem', health), {
      files: FILES,
    });
    const client = await openClient(t, front.port());
    client.send(requestText('GET /'));
    assert.equal((await client.message()).body, 'well');
    await front.until(() => front.instances()[0]?.state === 'ejected');
    await bad.untilBelow(bad.below.length + 2);
    assert.equal(front.instances()[0]?.state, 'ejected');
    assert.equal(front.instances()[1]?.state, 'healthy');

    await front.reload(
      tlsConfig([bad.address, good.address], 'ca: ca.pem\nserverName: other.internal', health),
    );

    await front.until(() => front.instances()[0]?.state === 'healthy');
  });
}

const SWITCHED = 'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\nhi';

interface Setting {
  /** Options of the origin's TLS. */
  readonly origin?: Parameters<typeof startTlsOrigin>[1];
  /** How the configuration names the origin. */
  readonly host?: string;
  /** File name; undefined: none. */
  readonly ca?: string | undefined;
  /** Further lines of the cluster's `tls`. */
  readonly tls?: string;
}

async function start(
  t: TestContext,
  setting: Setting,
  script: OriginScript,
): Promise<{ readonly front: TestFront; readonly client: Peer; readonly origin: TlsOrigin }> {
  const origin = await startTlsOrigin(t, setting.origin, script);
  const address = `${setting.host ?? '127.0.0.1'}:${origin.port}`;
  const ca = 'ca' in setting ? setting.ca : 'ca.pem';
  const tls = `${ca === undefined ? '' : `ca: ${ca}\n`}${setting.tls ?? ''}`;
  const front = await startFront(t, tlsConfig([address], tls), { files: FILES });
  return { front, client: await openClient(t, front.port()), origin };
}

/** Does something when a head has come. */
function onHead(play: (connection: Peer) => void): OriginScript {
  return (connection) =>
    void connection.untilText('\r\n\r\n').then(
      () => play(connection),
      () => {},
    );
}

/** `tls` and `cluster`: lines of the cluster's `tls`, and of the cluster itself. */
function tlsConfig(addresses: readonly string[], tls = '', cluster = ''): string {
  const lines = tls.replace(/^(?=.)/gm, '  ');
  return plainConfig(addresses, '', `protocol: https\n${lines === '' ? '' : `tls:\n${lines}\n`}${cluster}`);
}

function servername(origin: TlsOrigin): unknown {
  return (origin.tls(0) as { servername?: unknown }).servername;
}

/** Says this much, then dies. */
function send(text: string): (connection: Peer | undefined) => void {
  return (connection) => {
    if (text === '') connection!.socket.destroy();
    else connection!.socket.write(text, () => connection!.socket.destroy());
  };
}
