import { join } from 'node:path';
import { NGINX_POLICY, NGINX_SERVER_POLICY } from './fleet-policy.ts';
import { FOREVER, httpSection, nginxCommand } from './nginx-command.ts';
import { streamModule, streamSection } from './nginx-stream.ts';
import type { Front, Peer, Plan } from './peer.ts';

export const nginx: Peer = {
  name: 'nginx',
  program: 'nginx',
  prepare: (plan) =>
    plan.front.clients === 'stream'
      ? nginxCommand(plan.directory, streamSection(plan), streamModule())
      : nginxCommand(plan.directory, httpSection(plan.directory, httpContent(plan))),
  ready: undefined,
};

const GRPC = `  grpc_set_header Host $http_host;
  grpc_set_header X-Forwarded-For $remote_addr;
  grpc_buffer_size 64k;`;

function httpContent(plan: Plan): string {
  const { directory, originPort, fleetPorts, certificate, front } = plan;
  const backends = fleetPorts?.map((port) => `127.0.0.1:${port} ${NGINX_SERVER_POLICY}`) ?? [
    `127.0.0.1:${originPort}`,
  ];
  return `
  access_log ${front.accessLog ? `${join(directory, 'access.log')} combined` : 'off'};
  ssl_protocols TLSv1.3;
  ssl_certificate ${certificate.cert};
  ssl_certificate_key ${certificate.key};
  server_names_hash_max_size 65536;
  server_names_hash_bucket_size 128;
  upstream origin {
${backends.map((backend) => `    server ${backend};`).join('\n')}
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
${fleetPorts === undefined ? '' : NGINX_POLICY}${front.origin === 'h2' ? GRPC : ''}
${servers(plan)}`;
}

/** One server for all hosts; where they have certificates of their own, one for each. */
function servers({ plainPort, tlsPort, front, hostCertificates }: Plan): string {
  const http2 = front.clients === 'h2' ? ' http2' : '';
  const server = (names: readonly string[], backlog: string, more: string): string => `  server {
    listen 127.0.0.1:${plainPort}${http2}${backlog};
    listen 127.0.0.1:${tlsPort} ssl${http2}${backlog};
    server_name ${names.join('\n      ')};
${more}${locations(front)}
  }`;
  // Options of a socket stand once.
  const backlog = ' backlog=4096';
  if (hostCertificates === undefined) return server(front.hosts, backlog, '');
  return [...hostCertificates.files]
    .map(([host, { cert, key }], index) =>
      server(
        [host],
        index === 0 ? backlog : '',
        `    ssl_certificate ${cert};\n    ssl_certificate_key ${key};\n`,
      ),
    )
    .join('\n');
}

function locations({ pathRules, origin }: Front): string {
  // This version speaks HTTP/2 to an origin only as gRPC.
  const pass = origin === 'h2' ? 'grpc_pass grpc://origin' : 'proxy_pass http://origin';
  return ['/', ...pathRules].map((path) => `    location ${path} { ${pass}; }`).join('\n');
}
