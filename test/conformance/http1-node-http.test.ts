/** node:http as an outside judge of what the HTTP/1 writers produce: it must read exactly what was meant. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import {
  Agent,
  createServer as createHttpServer,
  request as httpRequest,
  type IncomingMessage,
} from 'node:http';
import { type AddressInfo, connect, createServer } from 'node:net';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { ResponseHead, UNKNOWN_LENGTH } from '../../protocols/http/message.ts';
import { ClientEngine } from '../../protocols/http1/client-engine.ts';
import { DEFAULT_LIMITS } from '../../protocols/http1/limits.ts';
import { ServerEngine } from '../../protocols/http1/server-engine.ts';
import { encodeRequestBlock } from '../../protocols/http1/writer.ts';
import { content, fieldList, request } from '../support/http1-arbitraries.ts';
import { Peer } from '../support/peer.ts';
import { octets, RecordingOutput } from '../support/recording-output.ts';

const RUNS = { numRuns: 100 };

describe('node:http as a server', () => {
  const server = createHttpServer(async (incoming, response) => {
    const body = await readText(incoming);
    const { method, url, rawHeaders, rawTrailers } = incoming;
    response.end(JSON.stringify({ method, url, rawHeaders, rawTrailers, body }));
  });
  let peer: Peer;

  before(async () => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    peer = new Peer(connect((server.address() as AddressInfo).port, '127.0.0.1'));
  });
  after(() => {
    peer.socket.destroy();
    server.close();
  });

  test('reads on one connection what the client engine writes', async () => {
    // It knows registered methods only.
    const known = fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS');
    await fc.assert(
      fc.asyncProperty(request, known, async (plain, method) => {
        const output = new RecordingOutput();
        const client = new ClientEngine(silent, output, DEFAULT_LIMITS);
        const pieces = plain.framing === 'none' ? [] : plain.pieces;
        const isChunked = plain.framing === 'chunked';
        const block = encodeRequestBlock(method, plain.path, plain.authority, plain.headers);
        client.sendHead(method, block, '', isChunked ? UNKNOWN_LENGTH : pieces.join('').length, '');
        for (const piece of pieces) client.sendData(octets(piece), 0, piece.length, undefined);
        client.sendEnd(isChunked ? plain.trailers : []);

        peer.send(output.take());
        const answer = await peer.message();

        const seen = JSON.parse(Buffer.from(answer.body, 'latin1').toString());
        assert.equal(seen.method, method);
        assert.equal(seen.url, plain.path);
        assert.equal(seen.body, pieces.join(''));
        assert.deepEqual(withoutFraming(seen.rawHeaders), ['host', plain.authority, ...plain.headers]);
        assert.deepEqual(seen.rawTrailers, isChunked ? plain.trailers : []);
      }),
      RUNS,
    );
  });
});

describe('node:http as a client', () => {
  let answer: { head: ResponseHead; body: string; trailers: readonly string[] };
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const server = createServer((socket) => {
    const output = new RecordingOutput();
    const engine = new ServerEngine(
      {
        requestHead() {
          engine.sendHead(answer.head);
          engine.sendData(octets(answer.body), 0, answer.body.length, undefined);
          engine.sendEnd(answer.trailers);
        },
        bodyData() {},
        bodyEnd() {},
        fault() {},
        exchangeDone: (keepAlive) => {
          socket.write(output.take(), 'latin1');
          if (!keepAlive) socket.end();
        },
      },
      output,
      DEFAULT_LIMITS,
    );
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk) => engine.receive(chunk, 0, chunk.length, undefined));
  });

  before(async () => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  after(() => {
    agent.destroy();
    server.close();
  });

  test('reads what the server engine writes', async () => {
    const { port } = server.address() as AddressInfo;
    const response = fc.record({
      status: fc.integer({ min: 200, max: 599 }),
      headers: fieldList,
      isChunked: fc.boolean(),
      body: content,
      trailers: fieldList,
      method: fc.constantFrom('GET', 'HEAD'),
    });
    await fc.assert(
      fc.asyncProperty(response, async ({ status, headers, isChunked, body, trailers, method }) => {
        const length = isChunked ? UNKNOWN_LENGTH : body.length;
        answer = { head: new ResponseHead(status, '', headers, length), body, trailers };
        const isBodiless = method === 'HEAD' || status === 204 || status === 304;

        const outgoing = httpRequest({ port, host: '127.0.0.1', method, agent }).end();
        const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage];

        assert.equal(await readText(incoming), isBodiless ? '' : body);
        assert.equal(incoming.statusCode, status);
        assert.deepEqual(withoutFraming(incoming.rawHeaders), headers);
        assert.deepEqual(incoming.rawTrailers, isChunked && !isBodiless ? trailers : []);
      }),
      RUNS,
    );
  });
});

const silent = { interimHead() {}, responseHead() {}, bodyData() {}, responseEnd() {}, fault() {} };

async function readText(incoming: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of incoming) text += (chunk as Buffer).toString('latin1');
  return text;
}

function withoutFraming(rawHeaders: readonly string[]): string[] {
  const framing = new Set(['content-length', 'transfer-encoding', 'connection']);
  const rest: string[] = [];
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if (!framing.has(rawHeaders[i]!)) rest.push(rawHeaders[i]!, rawHeaders[i + 1]!);
  }
  return rest;
}
