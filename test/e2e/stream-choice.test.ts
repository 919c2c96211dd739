import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { encodeProxyHeader } from '../../protocols/proxy-protocol/writer.ts';
import { CLOSE, CONTINUE } from '../../src/core/callback-points.ts';
import { testCertificate } from '../support/certificates.ts';
import { beginTlsClient, openClient, openTlsClient } from '../support/client.ts';
import { startFront, type TestFront } from '../support/front.ts';
import { assertHttpIsMisdirected } from '../support/misdirected-http.ts';
import { type Origin, startOrigin } from '../support/origin.ts';
import { LISTENER, openStream, startStreamFront, WAYS } from '../support/stream-front.ts';

for (const [offered, protocol, alpn] of [
  [['stream'], 'stream', 'stream'],
  [['h2', 'stream'], 'stream', 'stream'],
  [undefined, 'stream', ''],
  [['redis'], undefined, ''],
  [['h2', 'http/1.1'], undefined, ''],
] as const) {
  test(`where only streams are taken, a client that offers ${offered ?? 'nothing'} gets ${protocol ?? 'the alert'}`, async (t) => {
    const { front } = await startMixed(t);

    const { peer, secured } = beginTlsClient(t, front.port(), {
      servername: 'feed.example',
      ...(offered === undefined ? {} : { ALPNProtocols: [...offered] }),
    });

    if (protocol === undefined) {
      await assert.rejects(secured, /no application protocol/);
      return;
    }
    await secured;
    assert.equal(peer.socket.alpnProtocol, alpn === '' ? false : alpn);
    peer.end();
    await peer.untilEnded();
    await front.settled();
    assert.equal(front.closedSessions[0]?.protocol, protocol);
    assert.equal(front.streams[0]?.session.tls?.alpn, alpn);
  });
}

for (const [offered, protocol] of [
  [['stream'], 'stream'],
  [['http/1.1', 'stream'], 'stream'],
  [['http/1.1'], 'http/1.1'],
  [undefined, 'http/1.1'],
] as const) {
  test(`beside HTTP, a client that offers ${offered ?? 'nothing'} gets ${protocol}`, async (t) => {
    const { front } = await startMixed(t);

    const client = await openTlsClient(t, front.port(), {
      servername: 'both.example',
      ...(offered === undefined ? {} : { ALPNProtocols: [...offered] }),
    });
    client.send('GET / HTTP/1.1\r\nhost: both.example\r\nconnection: close\r\n\r\n');
    await client.untilText(protocol === 'stream' ? 'relayed' : 'HTTP/1.1 200 OK');
    client.end();
    await client.untilEnded();
    await front.settled();

    assert.equal(front.closedSessions[0]?.protocol, protocol);
  });
}

test('HTTP for a host that only takes streams is misdirected, and on a plain port nowhere', async (t) => {
  const { front } = await startMixed(t);

  await assertHttpIsMisdirected(t, front, 'feed.example');
});

test('a client that names no host is relayed by the default tenant', async (t) => {
  const { front } = await startMixed(t, 'defaultTenant: feed');

  const client = await openTlsClient(t, front.port(), { servername: '' });
  client.send('hello');
  await client.untilText('relayed');
  client.end();
  await client.untilEnded();
  await front.settled();

  assert.equal(front.streams[0]?.tenant?.name, 'feed');
  assert.equal(front.streams[0]?.serverName, '');
});

for (const way of WAYS) {
  for (const version of ['v1', 'v2'] as const) {
    test(`${way}: the instance is told the client's address by PROXY ${version} before anything else`, async (t) => {
      const origin = await startOrigin(t);
      const front = await startStreamFront(t, {
        instances: [origin.address],
        target: `{ cluster: feed, proxyProtocol: ${version} }`,
      });
      const client = await openStream(t, front, way);
      client.send('hello');

      const instance = await origin.next();
      await instance.untilText('hello');
      const { localAddress = '', localPort = 0, remoteAddress = '' } = client.socket;
      const header = encodeProxyHeader(
        version,
        { address: localAddress, port: localPort },
        { address: remoteAddress, port: front.port(LISTENER[way]) },
      );
      assert.equal(instance.text, `${header.toString('latin1')}hello`);
    });
  }

  test(`${way}: modules see each point that a stream passes, in order`, async (t) => {
    const dead = await startOrigin(t);
    await dead.stop();
    const origin = await startOrigin(t);
    const points: string[] = [];
    const seen = (point: string) => void points.push(point);
    const front = await startStreamFront(
      t,
      { instances: [dead.address, origin.address] },
      {
        handlers: {
          accept: (session) => {
            seen(`accept ${session.state}`);
            return CONTINUE;
          },
          handshake: (session) => {
            seen(`handshake ${session.tls.alpn}`);
            return CONTINUE;
          },
          forwardStream: (stream) => {
            seen(`forward ${stream.cluster.name} ${stream.attempts}`);
            return CONTINUE;
          },
          streamFinish: (stream) => seen(`streamFinish ${stream.ending} ${stream.session.state}`),
          finish: (session) => seen(`finish ${session.state} ${session.protocol}`),
        },
      },
    );

    const client = await openStream(t, front, way);
    client.end('hello');
    const instance = await origin.next();
    await instance.untilEnded();
    instance.end();
    await front.settled();

    assert.deepEqual(points, [
      'accept new',
      ...(way === 'terminated' ? ['handshake stream'] : []),
      'forward feed 1',
      'forward feed 2',
      'streamFinish client-closed hijacked',
      'finish closed stream',
    ]);
  });

  test(`${way}: a module may refuse a stream, and one that throws costs one`, async (t) => {
    const origin = await startOrigin(t);
    let answer: () => typeof CLOSE = () => CLOSE;
    const front = await startStreamFront(
      t,
      { instances: [origin.address] },
      { handlers: { forwardStream: () => answer() } },
    );

    for (const ending of ['denied-by-module', 'module-failed']) {
      const client = await openStream(t, front, way).catch(() => undefined);
      assert.equal((await client?.untilEnded()) ?? 'error', 'error');
      await front.settled();
      assert.equal(front.streams.at(-1)?.ending, ending);
      answer = () => {
        throw new Error('of a module');
      };
    }
    assert.equal(origin.connections.length, 0);
    assert.equal(front.faults.splice(0).length, 1);
  });

  test(`${way}: streams go on over a reload, to the cluster that they have`, async (t) => {
    const [one, two] = [await startOrigin(t), await startOrigin(t)];
    const config = (origin: Origin) => mixedConfig(origin, '', '127.0.0.2:0');
    const front = await startFront(t, config(one), { files: mixedFiles() });
    const port = front.port(way === 'terminated' ? 0 : 2);
    const open = () =>
      way === 'terminated'
        ? openTlsClient(t, port, { servername: 'feed.example' })
        : openClient(t, port, '127.0.0.2');
    const before = await open();
    before.send('before');
    const instance = await one.next();
    await instance.untilText('before');

    const listeners = front.listeners.map(({ text, tls, stream }) => ({ text, tls, stream }));
    await front.reload(config(two));
    assert.deepEqual(
      front.listeners.map(({ text, tls, stream }) => ({ text, tls, stream })),
      listeners,
    );
    assert.deepEqual(listeners[2], { text: '127.0.0.2:0', tls: false, stream: 'feed' });
    const after = await open();
    after.send('after');

    await (await two.next()).untilText('after');
    before.send(' and after');
    await instance.untilText('before and after');
    instance.send('still here');
    await before.untilText('still here');
  });

  test(`${way}: a stop lets streams end until the drain is over, and then cuts them`, async (t) => {
    const origin = await startOrigin(t);
    const front = await startStreamFront(t, { instances: [origin.address], drain: '400ms' });
    const short = await openStream(t, front, way);
    const instance = await origin.next();
    const long = await openStream(t, front, way);
    await origin.next();

    const stopped = front.server.stop();
    short.end('the rest');
    await instance.untilEnded();
    instance.end('thanks');
    await short.untilText('thanks');
    assert.equal(long.hasEnded, false);
    assert.equal(await long.untilEnded(), 'error');
    await stopped;

    assert.deepEqual(front.streams.map(({ ending }) => ending).toSorted(), ['client-closed', 'draining']);
  });
}

/** Tenants that take only streams, streams and HTTP, and only HTTP; the instances answer everything by `relayed`. */
async function startMixed(t: TestContext, top = ''): Promise<{ readonly front: TestFront }> {
  const origin = await startOrigin(t, (connection) => {
    connection.socket.once('data', () => connection.send('relayed'));
    connection.socket.once('end', () => connection.end());
  });
  return { front: await startFront(t, mixedConfig(origin, top), { files: mixedFiles() }) };
}

function mixedConfig(origin: Origin, top: string, streamAddress?: string): string {
  const listener = streamAddress === undefined ? '' : `, { address: "${streamAddress}", stream: feed }`;
  return `
listen: [{ address: "127.0.0.1:0", tls: true }, { address: "localhost:0" }${listener}]
drain: 50ms
certificates: [{ cert: all.pem, key: all.key, default: true }]
tenants:
  feed: { hosts: ["feed.example"], tls: { protocols: [stream] }, stream: feed }
  both:
    hosts: ["both.example"]
    tls: { protocols: [stream, http/1.1] }
    stream: feed
    routes: [{ respond: { status: 200, body: "both" } }]
  shop: { hosts: ["shop.example"], routes: [{ respond: { status: 200, body: "shop" } }] }
clusters: { feed: { instances: [{ address: "${origin.address}" }] } }
${top}
`;
}

function mixedFiles(): Record<string, string> {
  const { cert, key } = testCertificate(['feed.example', 'both.example', 'shop.example']);
  return { 'all.pem': cert, 'all.key': key };
}
