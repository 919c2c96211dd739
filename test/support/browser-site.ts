import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { WebSocketServer } from 'ws';

/** Sub-resources of a kind on the front page. */
export const PARTS = 17;

/** Images on the page `/many`. */
export const MANY = 200;

/**
 * What a browser meets on a site: a page with many parts, a form with a file, a WebSocket that echoes, and events, each of which is
 * sent when the page has said that it saw the one before.
 */
export function createBrowserSite(): Server {
  const acknowledged: (() => void)[] = [];
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url!, 'http://site');
    if (pathname === '/upload') void answerUpload(request, response);
    else if (pathname === '/events') void sendEvents(response, acknowledged);
    else if (pathname === '/seen') {
      response.end();
      acknowledged.shift()?.();
    } else if (pathname === '/favicon.ico') response.writeHead(204).end();
    else answerStatic(pathname, request, response);
  });
  const sockets = new WebSocketServer({ server, path: '/socket' });
  sockets.on('connection', (socket) => {
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
  });
  return server;
}

/** With an entity tag, so that a second visit is answered with 304. */
function answerStatic(pathname: string, request: IncomingMessage, response: ServerResponse): void {
  const file = fileAt(pathname);
  if (file === undefined) {
    response.writeHead(404).end();
    return;
  }
  const [type, content] = file;
  const tag = `"${createHash('sha256').update(content).digest('hex')}"`;
  const headers = { 'content-type': type, etag: tag, 'cache-control': 'no-cache' };
  if (request.headers['if-none-match'] === tag) response.writeHead(304, headers).end();
  else response.writeHead(200, headers).end(content);
}

function fileAt(pathname: string): readonly [type: string, content: string] | undefined {
  if (pathname === '/') return ['text/html; charset=utf-8', frontPage()];
  if (pathname === '/many') return ['text/html; charset=utf-8', manyPage()];
  if (pathname === '/form') return ['text/html; charset=utf-8', FORM];
  const [, kind, number] = /^\/part-(script|style|image)-(\d+)$/.exec(pathname) ?? [];
  switch (kind) {
    case 'script':
      return ['text/javascript', `window.scripts = (window.scripts ?? 0) + 1; // ${number}\n`];
    case 'style':
      return ['text/css', `#style-${number} { width: ${number}px }\n`];
    case 'image':
      return ['image/svg+xml', '<svg xmlns="http://www.w3.org/2000/svg" width="3" height="2"/>'];
    default:
      return undefined;
  }
}

function frontPage(): string {
  const parts = Array.from({ length: PARTS }, (_, i) => [
    `<link rel="stylesheet" href="/part-style-${i}">`,
    `<script src="/part-script-${i}"></script>`,
    `<img src="/part-image-${i}" alt=""><div id="style-${i}"></div>`,
  ]);
  return `<!doctype html><title>Shop</title>${parts.flat().join('\n')}`;
}

function manyPage(): string {
  const images = Array.from({ length: MANY }, (_, i) => `<img src="/part-image-${i}" alt="">`);
  return `<!doctype html><title>Many</title>${images.join('\n')}`;
}

const FORM = `<!doctype html><title>Form</title>
<form method="post" action="/upload" enctype="multipart/form-data">
<input name="comment"><input name="file" type="file"><button>Send</button></form>`;

/** Says what arrived. */
async function answerUpload(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const form = await new Response(request as unknown as ReadableStream, {
    headers: { 'content-type': request.headers['content-type'] ?? '' },
  }).formData();
  const file = form.get('file') as File;
  const digest = createHash('sha256')
    .update(new Uint8Array(await file.arrayBuffer()))
    .digest('hex');
  response.end(`${form.get('comment')} ${file.name} ${file.size} ${digest}`);
}

async function sendEvents(response: ServerResponse, acknowledged: (() => void)[]): Promise<void> {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  for (let i = 1; i <= 5; i++) {
    const seen = new Promise<void>((resolve) => acknowledged.push(resolve));
    response.write(`data: ${i}\n\n`);
    await seen;
  }
  response.end('event: last\ndata: 0\n\n');
}
