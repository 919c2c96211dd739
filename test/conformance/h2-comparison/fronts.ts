import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ASSUMED } from '../../support/http2-transcripts.ts';
import { type FrontKind, MAIN, type Route } from '../strictness/front.ts';
import { nginxConfig } from '../strictness/nginx-config.ts';

/** Who is asked with HTTP/2 by prior knowledge. Each has HTTP/1.1 behind it, and the limits that the transcripts take for granted. */
export const HTTP2_FRONTS: readonly FrontKind[] = [
  {
    name: 'Portico',
    version: [process.execPath, '--version'],
    lanesPerProcess: 1,
    prepare: (directory, routes) => {
      const file = join(directory, 'portico.yaml');
      writeFileSync(file, porticoConfig(routes[0]!));
      return [process.execPath, MAIN, 'run', '-c', file];
    },
  },
  {
    name: 'nginx',
    version: ['nginx', '-v'],
    lanesPerProcess: 64,
    prepare: (directory, routes) => {
      const file = join(directory, 'nginx.conf');
      writeFileSync(file, nginxConfig(directory, nginxServers(routes)));
      return ['nginx', '-p', directory, '-e', join(directory, 'error.log'), '-c', file];
    },
  },
  {
    name: 'HAProxy',
    version: ['haproxy', '-v'],
    lanesPerProcess: 64,
    prepare: (directory, routes) => {
      const file = join(directory, 'haproxy.cfg');
      writeFileSync(file, haproxyConfig(routes));
      return ['haproxy', '-db', '-f', file];
    },
  },
];

function porticoConfig({ port, originPort }: Route): string {
  return `workers: 1
drain: 1s
listen: [{ address: "127.0.0.1:${port}" }]
http2: { maxStreams: ${ASSUMED.maxConcurrentStreams}, glitches: 10000 }
log: { level: error, access: off }
tenants:
  all: { hosts: ["a.example"], routes: [{ cluster: origin }] }
defaultTenant: all
clusters:
  origin: { instances: [{ address: "127.0.0.1:${originPort}" }], health: { fail: 1000 } }
`;
}

function nginxServers(routes: readonly Route[]): string {
  const servers = routes.map(
    ({ port, originPort }) => `  server {
    listen 127.0.0.1:${port} http2;
    location / { proxy_pass http://127.0.0.1:${originPort}; proxy_set_header Host $http_host; }
  }`,
  );
  return `  http2_max_concurrent_streams ${ASSUMED.maxConcurrentStreams};
  large_client_header_buffers 8 32k;
  proxy_request_buffering off;
${servers.join('\n')}`;
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
    ({ port, originPort }) => `listen l${port}
  bind 127.0.0.1:${port} proto h2
  server o 127.0.0.1:${originPort}`,
  )
  .join('\n')}
`;
}
