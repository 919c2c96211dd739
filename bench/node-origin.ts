/** The origin where nginx is not installed; started by the benchmark as a process of its own. */
import { createServer } from 'node:http';
import { BODIES, ECHO_PATH, SMALL_BODY } from './origin.ts';

const small = Buffer.from(SMALL_BODY);
const bodies = new Map(Object.entries(BODIES).map(([path, size]) => [path, Buffer.alloc(size, 'x')]));

const server = createServer((request, response) => {
  const { url = '/', headers } = request;
  const body =
    url === ECHO_PATH
      ? Buffer.from(`${headers.host} ${headers['x-forwarded-for'] ?? ''}`)
      : (bodies.get(url) ?? small);
  request.resume();
  response.writeHead(200, { 'content-type': 'text/plain', 'content-length': body.length });
  response.end(body);
});
server.keepAliveTimeout = 600_000;
server.listen(Number(process.argv[2]), '127.0.0.1', 4096);
