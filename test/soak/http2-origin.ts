import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import { constants, createServer, type Http2Server, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';

/** An h2c backend that answers by the path of the request, as the one of HTTP/1.1 does. */
export async function startHttp2SoakOrigin(): Promise<{
  readonly server: Http2Server;
  readonly address: string;
}> {
  // What its clients do a front end passes on, and answers that they do not take wait here: a backend that holds either against it would
  // harm their neighbours.
  const server = createServer({
    settings: { enableConnectProtocol: true },
    streamResetBurst: 1e9,
    streamResetRate: 1e9,
    maxSessionMemory: 1000,
  });
  server.on('session', (session) => session.on('error', () => {}));
  server.on('stream', (stream, { ':method': method, ':path': path }) => {
    stream.on('error', () => {});
    answer(stream, method === 'CONNECT' ? '/tunnel' : path!);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, address: `127.0.0.1:${(server.address() as AddressInfo).port}` };
}

const LARGE = Buffer.alloc(300_000, 'x');

function answer(stream: ServerHttp2Stream, path: string): void {
  switch (path) {
    case '/slow':
      stream.resume();
      return;
    case '/large':
      stream.respond({ ':status': 200, 'content-length': LARGE.length });
      stream.end(LARGE);
      return;
    case '/cut':
      stream.respond({ ':status': 200, 'content-length': 5 });
      stream.write('hel', () => stream.close(constants.NGHTTP2_INTERNAL_ERROR));
      return;
    case '/reset':
      stream.session?.destroy();
      return;
    case '/closing':
      respond(stream);
      stream.session?.close();
      return;
    case '/refused':
      stream.close(constants.NGHTTP2_REFUSED_STREAM);
      return;
    case '/tunnel':
      stream.respond({ ':status': 200 });
      stream.write('hello');
      stream.pipe(stream);
      return;
    default:
      stream.resume();
      stream.on('end', () => respond(stream));
  }
}

function respond(stream: ServerHttp2Stream): void {
  if (stream.destroyed) return;
  stream.respond({ ':status': 200, 'content-length': 5 });
  stream.end('hello');
}
