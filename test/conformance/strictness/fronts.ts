import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type FrontKind, MAIN, type Route } from './front.ts';
import { nginxConfig } from './nginx-config.ts';

/** Who is asked with HTTP/1. */
export const HTTP1_FRONTS: readonly FrontKind[] = [
  {
    name: 'Portico',
    version: [process.execPath, '--version'],
    lanesPerProcess: 1,
    prepare: (directory, routes) => {
      const [{ port, originPort }] = routes as readonly [Route];
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
      const servers = routes.map(
        ({ port, originPort }) =>
          `  server { listen 127.0.0.1:${port}; location / { proxy_pass http://127.0.0.1:${originPort}; } }`,
      );
      writeFileSync(file, nginxConfig(directory, servers.join('\n')));
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
