/** The plainest useful HTTP/2 proxy on node:http2; started by the benchmark as a process of its own. */
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import {
  type ClientHttp2Session,
  connect,
  constants,
  createSecureServer,
  createServer,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2';

interface Settings {
  readonly plainPort: number;
  readonly tlsPort: number;
  readonly originPort: number;
  readonly origin: 'http/1.1' | 'h2';
  readonly cert: string;
  readonly key: string;
}

const { plainPort, tlsPort, originPort, origin, cert, key } = JSON.parse(process.argv[2] ?? '{}') as Settings;
const agent = new Agent({ keepAlive: true, maxSockets: 256, maxFreeSockets: 256 });
const settings = { maxConcurrentStreams: 128 };
const secrets = { cert: readFileSync(cert), key: readFileSync(key), minVersion: 'TLSv1.3' as const };
let session: ClientHttp2Session | undefined;

for (const [server, port] of [
  [createServer({ settings }), plainPort],
  [createSecureServer({ settings, ...secrets }), tlsPort],
] as const) {
  server.on('stream', origin === 'h2' ? forwardToHttp2 : forwardToHttp1);
  server.listen(port, '127.0.0.1', 4096);
}
process.on('SIGTERM', () => process.exit(0));

function forwardToHttp1(stream: ServerHttp2Stream, incoming: IncomingHttpHeaders): void {
  const { ':method': method, ':path': path, ':authority': host, ':scheme': _scheme, ...headers } = incoming;
  headers['x-forwarded-for'] = stream.session?.socket.remoteAddress;
  headers.host ??= host;
  const upstream = request({ host: '127.0.0.1', port: originPort, method, path, headers, agent });
  upstream.on('response', (response) => {
    const { connection: _c, 'keep-alive': _k, 'transfer-encoding': _t, ...answer } = response.headers;
    if (stream.destroyed) return;
    stream.respond({ ':status': response.statusCode, ...answer });
    response.pipe(stream);
    // Cut by the origin: cut for the client too.
    response.on('error', () => stream.close(constants.NGHTTP2_INTERNAL_ERROR));
  });
  upstream.on('error', () => fail(stream));
  stream.on('error', () => {});
  stream.on('close', () => upstream.destroy());
  stream.pipe(upstream);
}

/** All streams share one connection to the origin. Trailers go through, as gRPC needs them. */
function forwardToHttp2(stream: ServerHttp2Stream, incoming: IncomingHttpHeaders): void {
  const headers = { ...incoming, 'x-forwarded-for': stream.session?.socket.remoteAddress };
  const upstream = originSession().request(headers, { endStream: stream.endAfterHeaders });
  let trailers: IncomingHttpHeaders = {};
  upstream.on('response', (answer, flags) => {
    if (stream.destroyed) return;
    const endStream = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0;
    stream.respond(answer, { endStream, waitForTrailers: !endStream });
    if (!endStream) upstream.pipe(stream);
  });
  upstream.on('trailers', (received) => {
    trailers = received;
  });
  stream.on('wantTrailers', () => stream.sendTrailers(trailers));
  upstream.on('error', () => fail(stream));
  stream.on('error', () => {});
  stream.on('close', () => upstream.close(constants.NGHTTP2_CANCEL));
  if (!stream.endAfterHeaders) stream.pipe(upstream);
}

function originSession(): ClientHttp2Session {
  if (session !== undefined && !session.closed && !session.destroyed) return session;
  session = connect(`http://127.0.0.1:${originPort}`);
  session.on('error', () => {});
  return session;
}

function fail(stream: ServerHttp2Stream): void {
  if (stream.headersSent || stream.destroyed) stream.close(constants.NGHTTP2_INTERNAL_ERROR);
  else stream.respond({ ':status': 502 }, { endStream: true });
}
