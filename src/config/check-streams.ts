import { checkReference } from './check-names.ts';
import { nearestName } from './nearest-name.ts';
import { type Complaint, complainAboutKey, complainOfAbsence, type Path } from './problem.ts';
import { entriesOf, isMapping, listOf, memberOf } from './raw.ts';

/** What a tenant says of streams and passthrough: what goes together, and what is missing for it. */
export function checkTenantStreams(
  data: unknown,
  name: string,
  tenant: unknown,
  clusters: ReadonlySet<string>,
): Complaint[] {
  if (!isMapping(tenant)) return [];
  const path: Path = ['tenants', name];
  const tls = memberOf(tenant, 'tls');
  const passthrough = memberOf(tls, 'passthrough');
  if (passthrough !== undefined) {
    return [
      ...checkStreamTarget(data, passthrough, [...path, 'tls', 'passthrough'], clusters, true),
      ...besidesPassthrough(tenant, tls, path),
    ];
  }
  const complaints = checkStreamTarget(data, memberOf(tenant, 'stream'), [...path, 'stream'], clusters);
  const protocols = memberOf(tls, 'protocols');
  const names = listOf(protocols).map((entry) => memberOf(entry, 'name') ?? entry);
  const hasStream = names.includes('stream');
  if (hasStream && memberOf(tenant, 'stream') === undefined) {
    complaints.push(
      complainOfAbsence(
        [...path, 'tls', 'protocols'],
        'the protocol "stream" leads nowhere',
        'say where to, beside tls: stream: { cluster: … }',
      ),
    );
  }
  if (!hasStream && memberOf(tenant, 'stream') !== undefined) {
    complaints.push(
      complainAboutKey(
        [...path, 'stream'],
        'no client could choose "stream": it is not among the protocols of this tenant',
        'write tls: { protocols: [stream] }',
      ),
    );
  }
  const speaksHttp = names.some((protocol) => protocol !== 'stream') || !hasStream;
  if (speaksHttp && !seemsToHave(tenant, 'routes'))
    complaints.push(complainOfAbsence([...path, 'routes'], '"routes" is missing'));
  return complaints;
}

/** A misspelled key has its own complaint. */
function seemsToHave(mapping: object, key: string): boolean {
  return Object.keys(mapping).some((written) => nearestName(written, [key]) !== undefined);
}

/** What is said of TLS, or of HTTP, cannot hold where neither is seen. */
function besidesPassthrough(tenant: object, tls: unknown, path: Path): Complaint[] {
  const others = entriesOf(tls).filter(([key]) => key !== 'passthrough');
  return [
    ...others.map(([key]) =>
      complainAboutKey(
        [...path, 'tls', key],
        `${JSON.stringify(key)} has no effect beside "passthrough": the instances settle TLS themselves`,
        'leave it out',
      ),
    ),
    ...['stream', 'routes']
      .filter((key) => Object.hasOwn(tenant, key))
      .map((key) =>
        complainAboutKey(
          [...path, key],
          `${JSON.stringify(key)} has no effect beside "passthrough": what is relayed is not read`,
          'leave it out, or give those hosts to another tenant',
        ),
      ),
  ];
}

/** Where streams lead: a cluster's name, or a mapping that has one. What is no such thing is the schema's business. */
export function checkStreamTarget(
  data: unknown,
  target: unknown,
  path: Path,
  clusters: ReadonlySet<string>,
  isPassthrough = false,
): Complaint[] {
  const name = isMapping(target) ? memberOf(target, 'cluster') : target;
  const at = isMapping(target) ? [...path, 'cluster'] : path;
  const dangling = checkReference('cluster', name, clusters, at);
  if (dangling !== undefined) return [dangling];
  const protocol = memberOf(memberOf(memberOf(data, 'clusters'), String(name)), 'protocol');
  const isTls = protocol === 'https' || protocol === 'h2';
  if (isPassthrough || !isTls || memberOf(target, 'proxyProtocol') === undefined) return [];
  // It stands in front of the TLS handshake (section 2 of the specification), where nothing of ours can be written any more.
  const message = `a PROXY header cannot be sent to instances that are spoken to by ${protocol}`;
  return [complainAboutKey([...path, 'proxyProtocol'], message, 'use a cluster of protocol http')];
}
