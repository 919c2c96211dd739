import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts, waitForPort } from '../../../bench/ports.ts';
import { ASSUMED } from '../../support/http2-transcripts.ts';
import { commandPath } from '../../support/outside-judge.ts';
import { RecordingBackend } from './backend.ts';

/** One way into a front, HTTP/2 by prior knowledge, with a backend of its own behind it. */
export interface Lane {
  readonly port: number;
  readonly backend: RecordingBackend;
}

export interface FrontKind {
  readonly name: string;
  readonly command: string;
  /** Its arguments; writes what they name into `directory`. */
  prepare(directory: string, routes: readonly Route[]): readonly string[];
}

interface Route {
  readonly port: number;
  readonly backendPort: number;
}

export const FRONT_KINDS: readonly FrontKind[] = [
  {
    name: 'nginx',
    command: 'nginx',
    prepare: (directory, routes) => {
      const file = join(directory, 'nginx.conf');
      writeFileSync(file, nginxConfig(directory, routes));
      return ['-p', directory, '-e', join(directory, 'error.log'), '-c', file];
    },
  },
  {
    name: 'HAProxy',
    command: 'haproxy',
    prepare: (directory, routes) => {
      const file = join(directory, 'haproxy.cfg');
      writeFileSync(file, haproxyConfig(routes));
      return ['-db', '-f', file];
    },
  },
];

/** Starts a front with so many lanes; `stop` ends all of it. */
export async function startFront(
  kind: FrontKind,
  lanes: number,
): Promise<{ readonly lanes: readonly Lane[]; stop(): Promise<void> }> {
  const backends = Array.from({ length: lanes }, () => new RecordingBackend());
  const backendPorts = await Promise.all(backends.map((backend) => backend.listen()));
  const ports = await freePorts(lanes);
  const directory = mkdtempSync(join(tmpdir(), 'portico-h2-'));
  const routes = ports.map((port, i) => ({ port, backendPort: backendPorts[i]! }));
  const child = spawn(commandPath(kind.command)!, kind.prepare(directory, routes), {
    cwd: directory,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const stop = async () => {
    for (const backend of backends) backend.close();
    await ended(child);
    rmSync(directory, { recursive: true, force: true });
  };
  for (const port of ports) {
    if (await waitForPort(port, () => child.exitCode !== null)) continue;
    await stop();
    throw new Error(`${kind.name} did not start`);
  }
  return { lanes: ports.map((port, i) => ({ port, backend: backends[i]! })), stop };
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  const patience = setTimeout(() => child.kill('SIGKILL'), 5000);
  await exited;
  clearTimeout(patience);
}

function nginxConfig(directory: string, routes: readonly Route[]): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `daemon off;
${process.getuid?.() === 0 ? 'user root;' : ''}
worker_processes 1;
pid ${directory}/nginx.pid;
error_log ${directory}/error.log;
events {}
http {
${temporary.map((name) => `  ${name}_temp_path ${directory}/${name};`).join('\n')}
  access_log off;
  http2_max_concurrent_streams ${ASSUMED.maxConcurrentStreams};
  large_client_header_buffers 8 32k;
  proxy_http_version 1.1;
  proxy_request_buffering off;
${routes
  .map(
    ({ port, backendPort }) => `  server {
    listen 127.0.0.1:${port} http2;
    location / { proxy_pass http://127.0.0.1:${backendPort}; proxy_set_header Host $http_host; }
  }`,
  )
  .join('\n')}
}
`;
}

function haproxyConfig(routes: readonly Route[]): string {
  return `global
  tune.h2.max-concurrent-streams ${ASSUMED.maxConcurrentStreams}
defaults
  mode http
  timeout connect 2s
  timeout client 30s
  timeout server 30s
${routes
  .map(
    ({ port, backendPort }) => `listen l${port}
  bind 127.0.0.1:${port} proto h2
  server o 127.0.0.1:${backendPort}`,
  )
  .join('\n')}
`;
}
