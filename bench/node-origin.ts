/** The origin where nginx is not installed; started by the benchmark as a process of its own. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import {
  createServer as createHttp2Server,
  type Http2ServerRequest,
  type Http2ServerResponse,
} from 'node:http2';
import {
  BODIES,
  ECHO_PATH,
  GRPC_MESSAGE,
  GRPC_PATH,
  MESSAGE_PATH,
  SMALL_BODY,
  UPLOAD_PATH,
} from './origin.ts';

type AnyRequest = IncomingMessage | Http2ServerRequest;
type AnyResponse = ServerResponse | Http2ServerResponse;

const small = Buffer.from(SMALL_BODY);
const bodies = new Map(Object.entries(BODIES).map(([path, size]) => [path, Buffer.alloc(size, 'x')]));
bodies.set(GRPC_PATH, Buffer.from(GRPC_MESSAGE, 'latin1'));

const http1 = createServer(serve).listen(Number(process.argv[2]), '127.0.0.1', 4096);
http1.keepAliveTimeout = 600_000;
createHttp2Server(serve).listen(Number(process.argv[3]), '127.0.0.1', 4096);

function serve(request: AnyRequest, response: AnyResponse): void {
  request.resume();
  const path = request.url ?? '/';
  if (path !== UPLOAD_PATH && path !== GRPC_PATH) answer(path, request, response);
  else request.on('end', () => answer(path, request, response));
}

function answer(path: string, { headers }: AnyRequest, response: AnyResponse): void {
  if (path === MESSAGE_PATH) {
    response.statusCode = 204;
    (response as ServerResponse).end();
    return;
  }
  const host = headers.host ?? headers[':authority'];
  const body =
    path === ECHO_PATH
      ? Buffer.from(`${host} ${headers['x-forwarded-for'] ?? ''}`)
      : (bodies.get(path) ?? small);
  response.setHeader('content-length', body.length);
  response.setHeader('content-type', path === GRPC_PATH ? 'application/grpc' : 'text/plain');
  if (path === GRPC_PATH) response.addTrailers({ 'grpc-status': '0' });
  // Both kinds have this form of end; the union of their overloads has none.
  (response as ServerResponse).end(body);
}
