import { type Complaint, complain, complainAboutKey, type Path } from './problem.ts';
import { memberOf } from './raw.ts';

/** Each kind of probe has what it needs, and nothing that it would not look at. */
export function checkHealth(clusterPath: Path, cluster: unknown): Complaint[] {
  const health = memberOf(cluster, 'health');
  const path: Path = [...clusterPath, 'health'];
  const protocol = memberOf(cluster, 'protocol');
  const isHttp2 = protocol === 'h2' || protocol === 'h2c';
  const hasTls = protocol === 'h2' || protocol === 'https';
  const probe = memberOf(health, 'probe') ?? (memberOf(health, 'path') === undefined ? undefined : 'http');
  // What cannot be read has its own complaint.
  if (probe !== undefined && !KINDS.includes(String(probe))) return [];
  const complaints: Complaint[] = [];
  for (const [key, kinds] of KINDS_BY_KEY) {
    if (memberOf(health, key) === undefined || kinds.includes(String(probe))) continue;
    const remedy = kinds.length === 1 ? `write probe: ${kinds[0]}, or take it out` : 'take it out';
    complaints.push(
      complainAboutKey([...path, key], `${JSON.stringify(key)} is for probes by ${kinds.join(', ')}`, remedy),
    );
  }
  for (const key of ['requests', 'window']) {
    if (memberOf(health, key) === undefined || memberOf(health, 'failRate') !== undefined) continue;
    complaints.push(
      complainAboutKey([...path, key], `${JSON.stringify(key)} is for failRate`, 'add failRate: 50%'),
    );
  }
  if (probe === 'http' && memberOf(health, 'path') === undefined)
    complaints.push(complain([...path, 'probe'], 'a probe by http needs a path', 'add path: /healthz'));
  if (probe === 'grpc' && !isHttp2)
    complaints.push(complain([...path, 'probe'], 'gRPC needs HTTP/2', 'write protocol: h2c or h2'));
  if (probe === 'tls' && hasTls && memberOf(health, 'host') !== undefined)
    complaints.push(
      complainAboutKey(
        [...path, 'host'],
        'the cluster says itself whom to ask for',
        'write it as tls.serverName',
      ),
    );
  return complaints;
}

const KINDS = ['http', 'tcp', 'tls', 'grpc'];
const KINDS_BY_KEY: readonly (readonly [key: string, kinds: readonly string[]])[] = [
  ['path', ['http']],
  ['status', ['http']],
  ['host', ['http', 'grpc', 'tls']],
  ['service', ['grpc']],
];
