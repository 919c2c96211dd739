import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { type AddressInfo, createServer as createNetServer, type Server as NetServer } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { createServer as createTlsServer } from 'node:tls';
import {
  ConfigError,
  createServer,
  type EmbeddedServer,
  type Handler,
  ServerClosed,
} from '../../src/index.ts';
import { testCertificate } from '../support/certificates.ts';
import { openClient, openTlsClient, requestText } from '../support/client.ts';
import { configFor, echoOrigin } from '../support/embedded.ts';
import type { Peer } from '../support/peer.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const whereFrom: Handler = ({ session }, response) =>
  void response.end(`${session.listener} ${session.remoteAddress} ${session.scheme}`);

test('a server serves what others have opened and what it opens itself, without its own addresses', async (t) => {
  const server = created(t, createServer(whereFrom, { listen: '192.0.2.1:1' }));
  const opened = await listening(t);

  const served = await server.serve(opened);
  const added = await server.listen('127.0.0.1:0');

  assert.deepEqual(served, {
    text: `127.0.0.1:${portOf(opened)}`,
    host: '127.0.0.1',
    port: portOf(opened),
    tls: false,
  });
  assert.equal(await ask(t, served.port), `${served.text} 127.0.0.1 http`);
  assert.equal(await ask(t, added.port), '127.0.0.1:0 127.0.0.1 http');
  assert.equal(server.status().state, 'running');
  assert.deepEqual(server.status().listeners, [served, added]);
});

test('listeners may be added while it runs, and a reload leaves them alone', async (t) => {
  const origin = await echoOrigin(t);
  const server = created(t, createServer(configFor(origin)));
  const [first] = await server.start();
  const opened = await listening(t);
  const served = await server.serve(opened);
  const added = await server.listen({ address: '127.0.0.1:0' });
  const kept = await openClient(t, served.port);

  await server.reload({ ...configFor(origin), listen: [{ address: 'localhost:0' }] });

  await assert.rejects(openClient(t, first!.port), { code: 'ECONNREFUSED' });
  assert.equal(await ask(t, served.port), '/ as 127.0.0.1');
  assert.equal(await ask(t, added.port), '/ as 127.0.0.1');
  assert.equal((await exchange(kept)).status, 200);
  assert.equal(server.status().listeners.length, 3);
});

test('a server that somebody else closes leaves, with nothing else', async (t) => {
  const server = created(t, createServer(whereFrom, { listen: '127.0.0.1:0' }));
  await server.start();
  const opened = await listening(t);
  const { port } = await server.serve(opened);
  const client = await openClient(t, port);
  await exchange(client);

  opened.close();
  await once(opened, 'close');

  assert.equal(server.status().listeners.length, 1);
  assert.equal((await exchange(client)).status, 200);
});

test('TLS is that of the configuration, and PROXY headers are read where they are told of', async (t) => {
  const directory = temporaryDirectory(t);
  const { cert, key } = testCertificate(['shop.example']);
  writeFileSync(join(directory, 'shop.pem'), cert);
  writeFileSync(join(directory, 'shop.key'), key);
  const server = created(
    t,
    createServer(
      {
        listen: [{ address: '127.0.0.1:0' }],
        certificates: [
          { cert: join(directory, 'shop.pem'), key: join(directory, 'shop.key'), default: true },
        ],
        tenants: { shop: { hosts: ['shop.example'], routes: [{ handler: 'whereFrom' }] } },
      },
      { handlers: { whereFrom } },
    ),
  );

  const proxyProtocol = { from: ['127.0.0.0/8'] };
  const { port, tls } = await server.serve(await listening(t), { tls: true });
  const relayed = await server.serve(await listening(t), { proxyProtocol });
  const both = await server.listen({ address: '127.0.0.1:0', tls: true, proxyProtocol });

  assert.equal(tls, true);
  const client = await openTlsClient(t, port, { servername: 'shop.example' });
  assert.match((await exchange(client)).body, /127\.0\.0\.1 https$/);
  const behind = await openClient(t, relayed.port);
  behind.send('PROXY TCP4 192.0.2.7 192.0.2.1 1234 80\r\n');
  assert.match((await exchange(behind)).body, / 192\.0\.2\.7 http$/);
  assert.equal(both.tls, true);
});

test('what cannot be served is refused, with what to do', async (t) => {
  const server = created(t, createServer(whereFrom, { listen: '127.0.0.1:0' }));
  const unix = createNetServer().listen(join(temporaryDirectory(t), 'socket'));
  t.after(() => unix.close());
  await once(unix, 'listening');
  const opened = await listening(t);

  await assert.rejects(server.serve(createNetServer()), /does not listen yet: await its "listening"/);
  await assert.rejects(server.serve(createTlsServer()), /give one of node:net, with \{ tls: true \}/);
  await assert.rejects(server.serve(unix), /UNIX socket/);
  await assert.rejects(server.serve(opened, { tls: true }), /TLS needs a certificate/);
  await assert.rejects(server.listen({ address: ':0', tls: true }), /TLS needs a certificate/);
  await assert.rejects(server.listen('8080'), ConfigError);
  await assert.rejects(server.listen(`127.0.0.1:${portOf(opened)}`), { code: 'EADDRINUSE' });
  await assert.rejects(
    server.listen({ address: ':0', proxyProtocol: { from: ['nowhere'] } }),
    (error) => error instanceof ConfigError && /listen\[0\]\.proxyProtocol/.test(error.problems[0]!.path),
  );
  assert.equal(server.status().state, 'starting');
  assert.deepEqual(server.status().listeners, []);
  await server.serve(opened);
  await assert.rejects(server.serve(opened), /served already/);
});

test('a server that is one handler has certificates, limits and timeouts of its own', async (t) => {
  const directory = temporaryDirectory(t);
  const { cert, key } = testCertificate(['shop.example']);
  writeFileSync(join(directory, 'shop.pem'), cert);
  writeFileSync(join(directory, 'shop.key'), key);
  const server = created(
    t,
    createServer(whereFrom, {
      listen: { address: '127.0.0.1:0', tls: true },
      certificates: [{ cert: join(directory, 'shop.pem'), key: join(directory, 'shop.key'), default: true }],
      limits: { line: '1KiB' },
    }),
  );
  const [listener] = await server.start();

  const client = await openTlsClient(t, listener!.port, { servername: 'shop.example' });
  assert.match((await exchange(client)).body, /127\.0\.0\.1 https$/);
  client.send(requestText(`GET /${'a'.repeat(2000)}`));
  assert.equal((await client.message()).status, 414);
  assert.throws(() => createServer(whereFrom, { drain: 'soon' }), ConfigError);
});

test('a shutdown closes all listeners, lets idle connections go, waits for requests and cuts what is over its time', async (t) => {
  const begun = Promise.withResolvers<void>();
  const finish = Promise.withResolvers<void>();
  let waiting = 0;
  const server = created(
    t,
    createServer(
      async (request, response) => {
        if (request.path !== '/') {
          if (++waiting === 2) begun.resolve();
          await (request.path === '/short' ? finish.promise : new Promise(() => {}));
        }
        response.end('done');
      },
      { listen: '127.0.0.1:0' },
    ),
  );
  const [own] = await server.start();
  const opened = await listening(t);
  const { port } = await server.serve(opened);
  const [idle, short, endless] = [
    await openClient(t, port),
    await openClient(t, port),
    await openClient(t, own!.port),
  ];
  await exchange(idle);
  short.send(requestText('GET /short'));
  endless.send(requestText('GET /endless'));
  await begun.promise;

  const shutdown = server.shutdown(60_000);
  await idle.untilEnded();
  assert.equal(opened.listening, false);
  await assert.rejects(openClient(t, own!.port), { code: 'ECONNREFUSED' });
  const again = server.shutdown(1);
  assert.equal(again, shutdown);
  finish.resolve();
  assert.equal((await short.message()).body, 'done');
  await short.untilEnded();
  assert.equal(server.status().state, 'draining');
  const cut = await server.close();

  assert.equal(await shutdown, cut);
  assert.deepEqual(
    cut.map(({ listener, remotePort, state }) => [listener, remotePort, state]),
    [['127.0.0.1:0', (endless.socket.address() as AddressInfo).port, 'closed']],
  );
  assert.equal((await endless.message()).status, 503);
  for (const late of [
    () => server.start(),
    () => server.listen('127.0.0.1:0'),
    async () => server.serve(await listening(t)),
  ])
    await assert.rejects(late, ServerClosed);
});

test('a shutdown whose time is over cuts by itself, and one with nothing to wait for does not wait', async (t) => {
  for (const path of ['/', '/endless']) {
    const begun = Promise.withResolvers<void>();
    const server = created(
      t,
      createServer(
        (request, response) => {
          begun.resolve();
          if (request.path === '/endless') return new Promise(() => {});
          response.end('done');
          return;
        },
        { listen: '127.0.0.1:0' },
      ),
    );
    const [own] = await server.start();
    const client = await openClient(t, own!.port);
    client.socket.on('end', () => client.end());
    client.send(requestText(`GET ${path}`));
    await begun.promise;

    const cut = await server.shutdown(path === '/' ? 3_600_000 : 10);

    assert.equal(cut.length, path === '/' ? 0 : 1);
    assert.equal(server.status().sessions, 0);
  }
});

function created(t: TestContext, server: EmbeddedServer): EmbeddedServer {
  t.after(() => server.close());
  return server;
}

/** A server of node:net on a free port, whose own listener must not be asked. */
async function listening(t: TestContext): Promise<NetServer> {
  const server = createNetServer(() => assert.fail('asked for a connection that was given away'));
  server.listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  return server;
}

function portOf(server: NetServer): number {
  return (server.address() as AddressInfo).port;
}

function exchange(client: Peer) {
  client.send(requestText('GET /'));
  return client.message();
}

async function ask(t: TestContext, port: number): Promise<string> {
  return (await exchange(await openClient(t, port))).body;
}
