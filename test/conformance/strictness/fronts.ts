import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Lane } from './ask.ts';
import { LaneOrigin } from './lane.ts';

/** A program that stands in front of the origins. */
export interface FrontKind {
  readonly name: string;
  /** Command and arguments that print the version. */
  readonly version: readonly [command: string, argument: string];
  /** How many lanes one process serves; more lanes take more processes. */
  readonly lanesPerProcess: number;
  /** Writes what the program needs into `directory` and says how to start it. */
  prepare(directory: string, routes: readonly Route[]): readonly string[];
}

interface Route {
  readonly port: number;
  readonly originPort: number;
}

/** A started front: its lanes, and how to end it. */
export interface Front {
  readonly lanes: readonly Lane[];
  stop(): Promise<void>;
}

export const FRONT_KINDS: readonly FrontKind[] = [
  {
    name: 'Portico',
    version: [process.execPath, '--version'],
    lanesPerProcess: 1,
    prepare: (directory, routes) => {
      const [{ port, originPort }] = routes as [Route];
      const file = join(directory, 'portico.yaml');
      writeFileSync(
        file,
        `workers: 1
drain: 1s
listen: [{ address: "127.0.0.1:${port}" }]
log: { level: error, access: off }
tenants:
  all: { hosts: ["a.example"], routes: [{ cluster: origin }] }
defaultTenant: all
clusters:
  origin:
    instances: [{ address: "127.0.0.1:${originPort}" }]
    health: { fail: 1000 }
`,
      );
      return [process.execPath, MAIN, 'run', '-c', file];
    },
  },
  {
    name: 'nginx',
    version: ['nginx', '-v'],
    lanesPerProcess: 64,
    prepare: (directory, routes) => {
      const file = join(directory, 'nginx.conf');
      const kinds = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
      writeFileSync(
        file,
        `daemon off; ${process.getuid?.() === 0 ? 'user root;' : ''}
worker_processes 1;
pid ${directory}/nginx.pid;
error_log ${directory}/error.log;
events {}
http {
${kinds.map((kind) => `  ${kind}_temp_path ${directory}/${kind};`).join('\n')}
  access_log off;
  proxy_http_version 1.1;
${routes
  .map(
    ({ port, originPort }) =>
      `  server { listen 127.0.0.1:${port}; location / { proxy_pass http://127.0.0.1:${originPort}; } }`,
  )
  .join('\n')}
}
`,
      );
      return ['nginx', '-p', directory, '-e', join(directory, 'error.log'), '-c', file];
    },
  },
  {
    name: 'HAProxy',
    version: ['haproxy', '-v'],
    lanesPerProcess: 64,
    prepare: (directory, routes) => {
      const file = join(directory, 'haproxy.cfg');
      writeFileSync(
        file,
        `defaults
  mode http
  timeout connect 2s
  timeout client 30s
  timeout server 30s
${routes
  .map(
    ({ port, originPort }) => `listen l${port}
  bind 127.0.0.1:${port}
  server o 127.0.0.1:${originPort}`,
  )
  .join('\n')}
`,
      );
      return ['haproxy', '-db', '-f', file];
    },
  },
  {
    name: 'Caddy',
    version: ['caddy', 'version'],
    lanesPerProcess: 64,
    prepare: (directory, routes) => {
      const file = join(directory, 'Caddyfile');
      writeFileSync(
        file,
        `{
  admin off
  auto_https off
  log {
    output discard
  }
}
${routes
  .map(
    ({ port, originPort }) => `http://:${port} {
  bind 127.0.0.1
  reverse_proxy 127.0.0.1:${originPort}
}`,
  )
  .join('\n')}
`,
      );
      return ['caddy', 'run', '--config', file, '--adapter', 'caddyfile'];
    },
  },
];

/** The version in the program's own words, or undefined when it is not installed. */
export function versionOf({ version: [command, argument] }: FrontKind): string | undefined {
  const { status, stdout, stderr } = spawnSync(command, [argument], { encoding: 'utf8' });
  if (status !== 0) return undefined;
  return /v?(\d+\.\d+(?:\.\d+)?)/.exec(stdout + stderr)?.[1];
}

export async function startFront(kind: FrontKind, lanes: number): Promise<Front> {
  const routes: Route[] = [];
  const open: Lane[] = [];
  for (let i = 0; i < lanes; i++) {
    const origin = new LaneOrigin();
    const route = { port: await freePort(), originPort: await origin.listen() };
    routes.push(route);
    open.push({ port: route.port, origin });
  }
  const processes: Started[] = [];
  for (let i = 0; i < lanes; i += kind.lanesPerProcess)
    processes.push(start(kind, routes.slice(i, i + kind.lanesPerProcess)));
  const stop = async () => {
    for (const { origin } of open) origin.close();
    await Promise.all(processes.map(end));
  };
  try {
    await Promise.all(routes.map(({ port }) => accepting(port)));
  } catch (error) {
    await stop();
    throw new Error(`${kind.name} did not start`, { cause: error });
  }
  return { lanes: open, stop };
}

const MAIN = fileURLToPath(new URL('../../../src/main.ts', import.meta.url));

interface Started {
  readonly child: ChildProcess;
  readonly directory: string;
}

function start(kind: FrontKind, routes: readonly Route[]): Started {
  const directory = mkdtempSync(join(tmpdir(), 'strictness-'));
  const [command, ...args] = kind.prepare(directory, routes) as [string, ...string[]];
  const env = { ...process.env, HOME: directory, XDG_DATA_HOME: directory, XDG_CONFIG_HOME: directory };
  const child = spawn(command, args, { cwd: directory, env, stdio: ['ignore', 'ignore', 'inherit'] });
  return { child, directory };
}

async function end({ child, directory }: Started): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    const patience = setTimeout(() => child.kill('SIGKILL'), 5000);
    await exited;
    clearTimeout(patience);
  }
  rmSync(directory, { recursive: true, force: true });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Waits until something listens there. */
async function accepting(port: number): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    const socket = connect(port, '127.0.0.1');
    const isOpen = await new Promise((resolve) => {
      socket.on('connect', () => resolve(true));
      socket.on('error', () => resolve(false));
    });
    socket.destroy();
    if (isOpen) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`nothing listens on port ${port}`);
}
