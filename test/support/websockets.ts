import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { connect, createServer as createHttp2Server, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo, Server, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TestContext } from 'node:test';
import { WebSocket, WebSocketServer } from 'ws';

/** How a WebSocket is carried: by Upgrade (RFC 6455), or by extended CONNECT (RFC 8441). */
export type WebSocketVersion = 'HTTP/1.1' | 'HTTP/2';

/** A backend that echoes messages, and chooses the subprotocol `chat`; gives its address. */
export async function startWebSocketEcho(test: TestContext, version: WebSocketVersion): Promise<string> {
  const server = version === 'HTTP/1.1' ? http1Echo() : http2Echo();
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => void sockets.add(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  test.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A client on a plain port, for shop.example, that offers the subprotocol `chat`; it is open. */
export async function openWebSocket(
  test: TestContext,
  port: number,
  version: WebSocketVersion,
  path = '/chat',
): Promise<WebSocket> {
  if (version === 'HTTP/2') return openOverHttp2(test, port, path);
  const options = { headers: { host: 'shop.example' } };
  const client = new WebSocket(`ws://127.0.0.1:${port}${path}`, 'chat', options);
  test.after(() => client.terminate());
  await once(client, 'open');
  return client;
}

async function openOverHttp2(test: TestContext, port: number, path: string): Promise<WebSocket> {
  const session = connect(`http://127.0.0.1:${port}`);
  session.on('error', () => {});
  test.after(() => session.destroy());
  await once(session, 'remoteSettings');
  const stream = session.request({
    ':method': 'CONNECT',
    ':protocol': 'websocket',
    ':scheme': 'http',
    ':authority': 'shop.example',
    ':path': path,
    'sec-websocket-version': '13',
    'sec-websocket-protocol': 'chat',
  });
  const [headers] = await once(stream, 'response');
  if (headers[':status'] !== 200) throw new Error(`status ${headers[':status']}`);
  return onStream(stream, 'client', `${headers['sec-websocket-protocol']}`);
}

function http1Echo(): Server {
  const server = createHttpServer();
  new WebSocketServer({ server, maxPayload: MAX_MESSAGE_BYTES }).on('connection', echo);
  return server;
}

function http2Echo(): Server {
  const server = createHttp2Server({ settings: { enableConnectProtocol: true } });
  server.on('stream', (stream: ServerHttp2Stream, headers) => {
    stream.on('error', () => {});
    if (headers[':method'] !== 'CONNECT' || headers[':protocol'] !== 'websocket') {
      stream.respond({ ':status': 400 });
      stream.end();
      return;
    }
    const protocol = `${headers['sec-websocket-protocol']}`;
    stream.respond({ ':status': 200, 'sec-websocket-protocol': protocol });
    echo(onStream(stream, 'server', protocol));
  });
  return server as unknown as Server;
}

function echo(socket: WebSocket): void {
  socket.on('error', () => {});
  socket.on('message', (message, isBinary) => socket.send(message, { binary: isBinary }));
}

/** The frames of ws without its handshake, which is HTTP/1.1's: by what it does itself behind one. */
function onStream(stream: Duplex, side: 'client' | 'server', protocol: string): WebSocket {
  const socket = new (WebSocket as unknown as BareWebSocket)(null, undefined, {
    autoPong: true,
    closeTimeout: 30_000,
  });
  socket._isServer = side === 'server';
  socket._protocol = protocol;
  socket.setSocket(stream, Buffer.alloc(0), { maxPayload: MAX_MESSAGE_BYTES, allowSynchronousEvents: true });
  return socket;
}

type BareWebSocket = new (address: null, protocols: undefined, options: object) => StreamWebSocket;

interface StreamWebSocket extends WebSocket {
  _isServer: boolean;
  _protocol: string;
  setSocket(socket: Duplex, head: Buffer, options: object): void;
}

const MAX_MESSAGE_BYTES = 4 * 1024 * 1024;
