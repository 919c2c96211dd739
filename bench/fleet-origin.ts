/**
 * Several backends in one process, the first of which can be made to fail; started by the benchmark as a process of its own, with the
 * ports of the backends behind that of its control: `GET /hangs` makes the first one hang, and every answer of the control says how many
 * requests the backends have seen. Probes are not among them.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { PROBE_PATH, type Trouble } from './fleet.ts';
import { SMALL_BODY } from './origin.ts';

const [controlPort = 0, ...ports] = process.argv.slice(2).map(Number);
const DELAY_MS = 500;
const FLAP_MS = 1000;
const FAILING_SHARE = 0.1;

let requests = 0;
let trouble: Trouble | 'well' = 'well';
let flapping: NodeJS.Timeout | undefined;
/** The same chances for everybody. */
let chance = 1;

const servers = ports.map((port, index) => {
  const server = createServer((request, response) => (index === 0 ? ail : answer)(request, response));
  server.keepAliveTimeout = 600_000;
  return server.listen(port, '127.0.0.1', 4096);
});
const ailing = servers[0]!;

createServer((request, response) => {
  const wanted = request.url?.slice(1) ?? '';
  if (wanted !== 'count') begin(wanted as Trouble | 'well');
  response.end(String(requests));
}).listen(controlPort, '127.0.0.1');

function begin(wanted: Trouble | 'well'): void {
  clearInterval(flapping);
  // What hangs is let go of.
  if (trouble === 'hangs') ailing.closeAllConnections();
  trouble = wanted;
  chance = 1;
  setUp(ailing, wanted !== 'dies' && wanted !== 'flaps');
  if (wanted === 'flaps') flapping = setInterval(() => setUp(ailing, !ailing.listening), FLAP_MS);
}

function setUp(server: Server, isUp: boolean): void {
  if (isUp === server.listening) return;
  if (isUp) server.listen(ports[0], '127.0.0.1', 4096);
  else {
    server.close();
    server.closeAllConnections();
  }
}

function answer(request: IncomingMessage, response: ServerResponse): void {
  if (request.url !== PROBE_PATH) requests += 1;
  response.setHeader('content-length', SMALL_BODY.length);
  response.end(SMALL_BODY);
}

function ail(request: IncomingMessage, response: ServerResponse): void {
  if (trouble === 'hangs') {
    if (request.url !== PROBE_PATH) requests += 1;
  } else if (trouble === 'slow') setTimeout(() => answer(request, response), DELAY_MS);
  else if (
    (trouble === 'errors' || trouble === 'resets') &&
    request.url !== PROBE_PATH &&
    draw() < FAILING_SHARE
  ) {
    requests += 1;
    if (trouble === 'resets') request.socket.resetAndDestroy();
    else response.writeHead(500, { 'content-length': 0 }).end();
  } else answer(request, response);
}

/** From 0 to 1 (a linear congruential generator). */
function draw(): number {
  chance = (Math.imul(chance, 1_664_525) + 1_013_904_223) >>> 0;
  return chance / 2 ** 32;
}
