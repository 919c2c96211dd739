import type { Session } from '../core/session.ts';

/**
 * Host for backends where the client has sent none, as HTTP/1.0 allows: the name in its handshake, or else the address it has connected
 * to. An empty one is refused by most, because an http URI has a host (RFC 9110, section 4.2.1).
 */
export function ownAuthority({ tls, scheme, localAddress, localPort }: Session): string {
  if (tls !== undefined && tls.serverName !== '') return tls.serverName;
  // The zone of a link-local address means nothing to others, and is no part of a URI.
  const [address = ''] = localAddress.split('%');
  const host = address.includes(':') ? `[${address}]` : address;
  return localPort === (scheme === 'https' ? 443 : 80) || localPort === 0 ? host : `${host}:${localPort}`;
}
