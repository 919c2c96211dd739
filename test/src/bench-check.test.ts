import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createHttp1Server } from 'node:http';
import { createServer, type Http2Server, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo, Server } from 'node:net';
import { type TestContext, test } from 'node:test';
import { findFault } from '../../bench/check.ts';
import { ECHO_PATH } from '../../bench/origin.ts';
import { SMALL_STREAMS } from '../../bench/scenarios/http2.ts';
import { SMALL_GET } from '../../bench/scenarios/keep-alive.ts';

const LOAD = { ...SMALL_STREAMS, tls: false };
const HTTP2_THROUGH = { clients: 'h2', origin: 'h2' } as const;
const RELAY = { clients: 'stream', origin: 'http/1.1' } as const;

interface Behaviour {
  readonly body?: string;
  readonly trailers?: Record<string, string>;
  readonly forwarded?: string;
}

/** Listens for HTTP/2 with prior knowledge. */
async function serve(t: TestContext, behaviour: Behaviour): Promise<number> {
  const { body = 'small', trailers = { 'grpc-status': '0' }, forwarded = 'localhost 127.0.0.1' } = behaviour;
  const server: Http2Server = createServer();
  t.after(() => server.close());
  server.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    stream.on('wantTrailers', () => stream.sendTrailers(trailers));
    stream.respond({ ':status': 200 }, { waitForTrailers: true });
    stream.end(headers[':path'] === ECHO_PATH ? forwarded : body);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return portOf(server);
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

async function faultOf(t: TestContext, proxy: Behaviour): Promise<string | undefined> {
  const plainPort = await serve(t, proxy);
  return await findFault(LOAD, { plainPort, tlsPort: 0, originPort: await serve(t, {}) }, HTTP2_THROUGH);
}

test('a proxy that answers by HTTP/2 as the origin does is not at fault', async (t) => {
  assert.equal(await faultOf(t, {}), undefined);
});

test('a body, trailers or forwarded fields of its own are a fault of a proxy', async (t) => {
  assert.match((await faultOf(t, { body: 'other' })) ?? '', /a body that is not the origin's: other/);
  assert.match((await faultOf(t, { trailers: {} })) ?? '', /trailers \{\} instead of \{"grpc-status":"0"\}/);
  assert.match((await faultOf(t, { forwarded: 'localhost' })) ?? '', /forwards localhost instead of/);
});

test('a port that speaks no HTTP/2 is a fault and not an exception', async (t) => {
  const server = createHttp1Server((_request, response) => response.end()).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const ports = { plainPort: portOf(server), tlsPort: 0, originPort: await serve(t, {}) };

  assert.match((await findFault(LOAD, ports, HTTP2_THROUGH)) ?? '', /protocol error/i);
});

test('a relay adds nothing to what it forwards, and is at fault when it does', async (t) => {
  const answering = async (forwarded: string): Promise<number> => {
    const server = createHttp1Server((request, response) =>
      response.end(request.url === ECHO_PATH ? forwarded : 'small'),
    ).listen(0, '127.0.0.1');
    t.after(() => server.close());
    await once(server, 'listening');
    return portOf(server);
  };
  const originPort = await answering('localhost');
  const faultAt = (plainPort: number): Promise<string | undefined> =>
    findFault({ ...SMALL_GET, tls: false }, { plainPort, tlsPort: 0, originPort }, RELAY);

  assert.equal(await faultAt(originPort), undefined);
  assert.match((await faultAt(await answering('localhost 127.0.0.1'))) ?? '', /forwards localhost 127/);
});
