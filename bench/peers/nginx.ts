import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from '../children.ts';
import type { Front, Peer, Plan } from './peer.ts';

/** How many requests may use one connection: more than any run makes. */
const FOREVER = 1_000_000_000;

export const nginx: Peer = {
  name: 'nginx',
  program: 'nginx',
  prepare: (plan) => nginxCommand(plan.directory, httpSection(plan)),
  ready: undefined,
};

const GRPC = `  grpc_set_header Host $http_host;
  grpc_set_header X-Forwarded-For $remote_addr;
  grpc_buffer_size 64k;`;

/** One worker in the foreground with everything below `directory`; also used for the origin. */
export function nginxCommand(directory: string, http: string): Command {
  const file = join(directory, 'nginx.conf');
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `  ${kind}_temp_path ${join(directory, kind)};`,
  );
  // As root, workers would drop to a user that cannot read our temporary folder.
  const user = process.getuid?.() === 0 ? 'user root;' : '';
  writeFileSync(
    file,
    `daemon off; ${user}
worker_processes 1;
pid ${join(directory, 'nginx.pid')};
error_log stderr error;
events { worker_connections 9000; }
http {
${paths.join('\n')}
  keepalive_requests ${FOREVER};
  keepalive_timeout 75s;
  client_max_body_size 0;
  sendfile on;
  tcp_nopush on;
${http}
}
`,
  );
  return { file: 'nginx', args: ['-p', directory, '-e', 'stderr', '-c', file] };
}

function httpSection({ directory, plainPort, tlsPort, originPort, certificate, front }: Plan): string {
  const http2 = front.clients === 'h2' ? ' http2' : '';
  return `
  access_log ${front.accessLog ? `${join(directory, 'access.log')} combined` : 'off'};
  ssl_protocols TLSv1.3;
  ssl_certificate ${certificate.cert};
  ssl_certificate_key ${certificate.key};
  server_names_hash_max_size 65536;
  server_names_hash_bucket_size 128;
  upstream origin {
    server 127.0.0.1:${originPort};
    keepalive 256;
    keepalive_requests ${FOREVER};
  }
  proxy_http_version 1.1;
  proxy_set_header Connection "";
  proxy_set_header Host $http_host;
  proxy_set_header X-Forwarded-For $remote_addr;
  proxy_buffers 8 64k;
  proxy_buffer_size 64k;
  proxy_busy_buffers_size 128k;
  proxy_max_temp_file_size 0;
  client_body_buffer_size 64k;
${front.origin === 'h2' ? GRPC : ''}
  server {
    listen 127.0.0.1:${plainPort}${http2} backlog=4096;
    listen 127.0.0.1:${tlsPort} ssl${http2} backlog=4096;
    server_name ${front.hosts.join('\n      ')};
${locations(front)}
  }`;
}

function locations({ pathRules, origin }: Front): string {
  // This version speaks HTTP/2 to an origin only as gRPC.
  const pass = origin === 'h2' ? 'grpc_pass grpc://origin' : 'proxy_pass http://origin';
  return ['/', ...pathRules].map((path) => `    location ${path} { ${pass}; }`).join('\n');
}
