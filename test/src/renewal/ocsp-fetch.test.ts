import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { type TestContext, test } from 'node:test';
import { fetchOcsp } from '../../../src/renewal/ocsp-fetch.ts';

const LIMIT = 1000;

test('posts the request as RFC 6960 has it, and gives the answer as it came', async (t) => {
  const answer = Buffer.from([0x30, 0x00, 0xff]);
  const seen: unknown[] = [];
  const url = await responder(t, (request, response) => {
    seen.push(request.method, request.url, request.headers['content-type'], request.headers.host);
    request.on('data', (chunk: Buffer) => seen.push(chunk.toString()));
    request.on('end', () => response.end(answer));
  });

  assert.deepEqual(await fetchOcsp(`${url}/ocsp`, Buffer.from('request'), LIMIT), answer);
  assert.deepEqual(seen, [
    'POST',
    '/ocsp',
    'application/ocsp-request',
    url.slice('http://'.length),
    'request',
  ]);
});

test('whatever a responder does ends in a reason', async (t) => {
  const cases: [RequestListener, RegExp][] = [
    [(_request, response) => response.writeHead(404).end('no'), /^the responder answers 404$/],
    [(_request, response) => response.writeHead(302, { location: '/' }).end(), /answers 302/],
    [(_request, response) => response.end(Buffer.alloc(LIMIT + 1)), /more than 1000 bytes/],
    [(_request, response) => endless(response), /more than 1000 bytes/],
    [(request) => request.socket.destroy(), /hang up|ECONNRESET/],
    [
      (_request, response) => {
        response.writeHead(200, { 'content-length': 100 });
        response.write('half');
        setImmediate(() => response.destroy());
      },
      /aborted|hang up|ECONNRESET/,
    ],
  ];
  for (const [handler, reason] of cases) {
    const url = await responder(t, handler);

    assert.match(String(await fetchOcsp(url, Buffer.from('x'), LIMIT)), reason);
  }
});

test('so does an address that is none, and a port that is not HTTP', async (t) => {
  const server = createTcpServer((socket) => socket.end('SSH-2.0-x\r\n')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;

  for (const url of ['http://', 'http://[', `http://127.0.0.1:${port}/`, 'http://127.0.0.1:1/']) {
    assert.equal(typeof (await fetchOcsp(url, Buffer.from('x'), LIMIT)), 'string', url);
  }
});

function endless(response: Parameters<RequestListener>[1]): void {
  const more = (): void => {
    if (!response.destroyed) response.write(Buffer.alloc(400), () => setImmediate(more));
  };
  more();
}

async function responder(t: TestContext, handler: RequestListener): Promise<string> {
  const server = createServer(handler).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
