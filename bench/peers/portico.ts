import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PORTICO_POLICY } from './fleet-policy.ts';
import type { Front, Peer, Plan } from './peer.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

export const portico: Peer = {
  name: 'portico',
  program: undefined,
  prepare: (plan) => {
    const file = join(plan.directory, 'portico.yaml');
    writeFileSync(file, porticoConfig(plan));
    return { file: process.execPath, args: [MAIN, 'run', '-c', file, '--workers', '1'] };
  },
  ready: /\bready\b/,
};

function porticoConfig(plan: Plan): string {
  const { directory, plainPort, tlsPort, certificate, hostCertificates, front } = plan;
  const access = front.accessLog ? `{ file: ${JSON.stringify(join(directory, 'access.log'))} }` : 'off';
  const pairs = [
    { ...certificate, more: ', default: true' },
    ...[...(hostCertificates?.files.values() ?? [])].map((files) => ({ ...files, more: '' })),
  ];
  const certificates = pairs.map(
    ({ cert, key, more }) => `  - { cert: ${JSON.stringify(cert)}, key: ${JSON.stringify(key)}${more} }\n`,
  );
  return `workers: 1
listen:
  - address: "127.0.0.1:${plainPort}"
${front.clients === 'stream' ? '    stream: origin\n' : ''}  - address: "127.0.0.1:${tlsPort}"
    tls: true
log: { access: ${access} }
certificates:
${certificates.join('')}tenants:
${tenants(front)}
clusters:
  origin:
${front.origin === 'h2' ? '    protocol: h2c\n' : ''}${front.pipelining > 1 ? `    pipelining: ${front.pipelining}\n` : ''}${instances(plan)}`;
}

function instances({ originPort, fleetPorts }: Plan): string {
  const lines = (fleetPorts ?? [originPort]).map((port) => `      - { address: "127.0.0.1:${port}" }\n`);
  return `${fleetPorts === undefined ? '' : PORTICO_POLICY}    instances:\n${lines.join('')}`;
}

function tenants({ hosts, pathRules, clients }: Front): string {
  const protocols = clients === 'h2' ? 'h2, http/1.1' : clients;
  return hosts
    .map((host, index) => {
      const rules = (index === 0 ? pathRules : []).map(
        (path) => `      - { path: "${path}*", cluster: origin }\n`,
      );
      const target =
        clients === 'stream'
          ? '    stream: { cluster: origin }'
          : `    routes:\n${rules.join('')}      - { cluster: origin }`;
      return `  t${index}:
    hosts: ["${host}"]
    tls: { protocols: [${protocols}], minVersion: "1.3" }
${target}`;
    })
    .join('\n');
}
