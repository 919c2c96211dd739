import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { HAPROXY_POLICY } from './fleet-policy.ts';
import type { Front, Peer, Plan } from './peer.ts';

export const haproxy: Peer = {
  name: 'haproxy',
  program: 'haproxy',
  prepare: (plan) => {
    const file = join(plan.directory, 'haproxy.cfg');
    writeFileSync(file, plan.front.clients === 'stream' ? streamConfig(plan) : httpConfig(plan));
    return { file: 'haproxy', args: ['-db', '-f', file] };
  },
  ready: undefined,
};

const GLOBAL = `global
  nbthread 1
  maxconn 8000
  ssl-default-bind-options ssl-min-ver TLSv1.3`;

/** Hosts and paths go through map files, HAProxy's own answer to large tables; a chain of rules would be linear. */
function httpConfig(plan: Plan): string {
  const { directory, plainPort, tlsPort, certificate, hostCertificates, front } = plan;
  const http2 = front.clients === 'h2';
  // The first is the one for everybody else.
  const certificates = [certificate.both, hostCertificates?.folderOfBoth].flatMap((path) => path ?? []);
  return `${GLOBAL}
  tune.h2.max-concurrent-streams 128
defaults
  mode http
  option http-keep-alive
  option forwardfor
  http-reuse always
  timeout connect 2s
  timeout client 60s
  timeout server 60s
  timeout http-keep-alive 60s
frontend front
  bind 127.0.0.1:${plainPort} backlog 4096${http2 ? ' proto h2' : ''}
  bind 127.0.0.1:${tlsPort} ssl ${certificates.map((path) => `crt ${path}`).join(' ')} alpn ${http2 ? 'h2,' : ''}http/1.1 backlog 4096
${mapRules(directory, front)}
  default_backend origin
backend origin
${servers(plan)}`;
}

function servers({ originPort, fleetPorts, front }: Plan): string {
  if (fleetPorts === undefined)
    return `  server o1 127.0.0.1:${originPort}${front.origin === 'h2' ? ' proto h2' : ''}\n`;
  return HAPROXY_POLICY + fleetPorts.map((port, index) => `  server o${index} 127.0.0.1:${port}\n`).join('');
}

function streamConfig({ plainPort, tlsPort, originPort, certificate }: Plan): string {
  return `${GLOBAL}
defaults
  mode tcp
  timeout connect 2s
  timeout client 60s
  timeout server 60s
frontend front
  bind 127.0.0.1:${plainPort} backlog 4096
  bind 127.0.0.1:${tlsPort} ssl crt ${certificate.both} backlog 4096
  default_backend origin
backend origin
  server o1 127.0.0.1:${originPort}
`;
}

function mapRules(directory: string, { hosts, pathRules }: Front): string {
  const rules: string[] = [];
  if (hosts.length > 1) {
    const file = join(directory, 'hosts.map');
    writeFileSync(file, hosts.map((host) => `${host} origin\n`).join(''));
    rules.push(`  use_backend %[req.hdr(host),lower,map_str(${file},origin)]`);
  }
  if (pathRules.length > 0) {
    const file = join(directory, 'paths.map');
    writeFileSync(file, pathRules.map((path) => `${path} origin\n`).join(''));
    rules.push(`  use_backend %[path,map_beg(${file},origin)]`);
  }
  return rules.join('\n');
}
