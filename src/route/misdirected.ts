import type { LocalEnd, TlsSession } from '../core/session.ts';
import type { ClientAuthSettings, TenantTlsSettings } from '../core/settings.ts';
import type { RouteTable } from './route-table.ts';

/**
 * Whether a request for `host` came over a connection that is not that host's: answered 421, so that the client opens one
 * of its own (RFC 9110, section 15.5.20). Else what a tenant asks of its connections (versions, protocols, certificates of
 * clients) could be had from another tenant's.
 *
 * A connection serves the name it asked for by SNI. Clients send requests for every name of the certificate that they were
 * shown over it too (RFC 9113, section 9.1.1); those are served where they belong to the same tenant. A connection without
 * SNI asked for nothing in particular: it serves every host whose tenant would have agreed to what was settled on it.
 *
 * A tenant that asks clients for certificates is served to those alone that were asked, whatever the name: a connection may
 * be older than the configuration that says so, or have no TLS at all.
 */
export function isMisdirected(
  tls: ConnectionFacts | undefined,
  host: string,
  routes: Pick<RouteTable<unknown>, 'findTenant'>,
  end?: LocalEnd,
): boolean {
  const tenant = routes.findTenant(host, end);
  const clientAuth = tenant?.settings.tls.clientAuth;
  if (tls === undefined) return clientAuth?.mode === 'require';
  if (clientAuth !== undefined && !wasAsked(tls.client?.asked, clientAuth)) return true;
  if (tls.serverName === host) return false;
  if (tls.serverName === '') return tenant !== undefined && !permits(tenant.settings.tls, tls);
  return !namesHost(tls.certificateHosts, host) || tenant !== routes.findTenant(tls.serverName, end);
}

/**
 * Lists of revoked certificates do not count: they are renewed daily, and every connection would have to be opened anew. Texts that
 * are one object are not compared.
 */
function wasAsked(asked: ClientAuthSettings | undefined, wanted: ClientAuthSettings): boolean {
  return asked === wanted || (asked !== undefined && asked.mode === wanted.mode && asked.ca === wanted.ca);
}

/** Whether a certificate's names take in the host: exactly, or by a wildcard for its first label (RFC 9525, section 6.3). */
export function namesHost(names: readonly string[], host: string): boolean {
  if (names.includes(host)) return true;
  const dot = host.indexOf('.');
  return dot > 0 && names.includes(`*${host.slice(dot)}`);
}

type ConnectionFacts = Pick<
  TlsSession,
  'serverName' | 'certificateHosts' | 'version' | 'alpn' | 'isOldCipher' | 'client'
>;

function permits(settings: TenantTlsSettings, { version, alpn, isOldCipher }: ConnectionFacts): boolean {
  if (settings.passthrough !== undefined) return false;
  // Without ALPN, and for HTTP/1.0, it is HTTP/1.1 that was settled (src/tls/alpn.ts).
  if (!settings.protocols.includes(alpn === 'h2' ? 'h2' : 'http/1.1')) return false;
  if (isOldCipher && settings.profile !== 'old') return false;
  // Their texts sort as the versions do.
  const settled = version === 'TLSv1' ? '1.0' : version.slice('TLSv'.length);
  return settled >= settings.minVersion && settled <= settings.maxVersion;
}
