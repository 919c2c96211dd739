import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createSecureServer, createServer, type Http2Server, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { freePorts, waitForPort } from '../../bench/ports.ts';
import { testCertificate } from './certificates.ts';
import { FILE, TEXT } from './http2-site.ts';
import { commandPath } from './outside-judge.ts';
import { temporaryDirectory } from './temporary-directory.ts';

// Backends that other people have made; all of them serve /text and /file. Each resolves to its address.

/** nghttp2's server, with these options; it sends back what is posted. */
export async function startNghttpd(test: TestContext, options: readonly string[] = []): Promise<string> {
  const directory = site(test);
  const [port] = (await freePorts(1)) as [number];
  const args = ['-a', '127.0.0.1', '-d', directory, '--echo-upload', ...options];
  if (options.includes('--no-tls')) return startCommand(test, 'nghttpd', [...args, `${port}`], port);
  const { cert, key } = testCertificate(['127.0.0.1']);
  const files = [join(directory, 'key.pem'), join(directory, 'cert.pem')] as const;
  writeFileSync(files[0], key);
  writeFileSync(files[1], cert);
  return startCommand(test, 'nghttpd', [...args, `${port}`, ...files], port);
}

/** nginx by prior knowledge. */
export async function startHttp2Nginx(test: TestContext): Promise<string> {
  const directory = site(test);
  const [port] = (await freePorts(1)) as [number];
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  const file = join(directory, 'nginx.conf');
  writeFileSync(
    file,
    `daemon off;
${process.getuid?.() === 0 ? 'user root;' : ''}
worker_processes 1;
pid ${directory}/nginx.pid;
error_log stderr error;
events {}
http {
${temporary.map((kind) => `  ${kind}_temp_path ${directory}/${kind};`).join('\n')}
  access_log off;
  client_max_body_size 0;
  http2_max_concurrent_streams 8;
  server { listen 127.0.0.1:${port} http2; root ${directory}; }
}
`,
  );
  return startCommand(test, 'nginx', ['-p', directory, '-c', file], port);
}

/** HAProxy by prior knowledge, as a client of `origin` by the protocol that is named. */
export async function startHttp2Haproxy(test: TestContext, origin: string, to: 'h1' | 'h2'): Promise<string> {
  const [port] = (await freePorts(1)) as [number];
  const file = join(temporaryDirectory(test), 'haproxy.cfg');
  writeFileSync(
    file,
    `global
  nbthread 1
defaults
  mode http
  http-reuse always
  timeout connect 2s
  timeout client 60s
  timeout server 60s
frontend front
  bind 127.0.0.1:${port} proto h2
  default_backend origin
backend origin
  server o1 ${origin}${to === 'h2' ? ' proto h2' : ''}
`,
  );
  return startCommand(test, 'haproxy', ['-db', '-q', '-f', file], port);
}

/** node:http2, which answers a POST with the length and digest of what it got, and its trailers. */
export async function startNodeHttp2(test: TestContext, tls: boolean): Promise<string> {
  const { cert, key } = testCertificate(['127.0.0.1']);
  const server: Http2Server = tls ? createSecureServer({ cert, key }) : createServer();
  const sockets = new Set<Socket>();
  server.on(tls ? 'secureConnection' : 'connection', (socket: Socket) => void sockets.add(socket));
  server.on('sessionError', () => {});
  server.on('stream', answerNode);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  test.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function answerNode(stream: ServerHttp2Stream, headers: NodeJS.Dict<string | string[]>): void {
  stream.on('error', () => {});
  if (headers[':method'] !== 'POST') {
    stream.respond({ ':status': 200, 'content-type': 'text/plain' });
    stream.end(headers[':path'] === '/file' ? FILE : TEXT);
    return;
  }
  const hash = createHash('sha256');
  let length = 0;
  let trailers = {};
  stream.on('trailers', (received: object) => {
    trailers = { ...received };
  });
  stream.on('data', (chunk: Buffer) => {
    hash.update(chunk);
    length += chunk.length;
  });
  stream.on('end', () => {
    stream.respond({ ':status': 200 }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'x-end': 'yes' }));
    stream.end(`${length} ${hash.digest('hex')} ${JSON.stringify(trailers)}`);
  });
}

function site(test: TestContext): string {
  const directory = temporaryDirectory(test);
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'text'), TEXT);
  writeFileSync(join(directory, 'file'), FILE);
  return directory;
}

async function startCommand(
  test: TestContext,
  name: string,
  args: readonly string[],
  port: number,
): Promise<string> {
  const child = spawn(commandPath(name)!, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  const ended = once(child, 'close');
  test.after(async () => {
    child.kill();
    await ended;
  });
  if (!(await waitForPort(port, () => child.exitCode !== null))) throw new Error(`${name} ended`);
  return `127.0.0.1:${port}`;
}
