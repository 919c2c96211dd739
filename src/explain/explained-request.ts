import { authorityHost } from '../../protocols/http/authority.ts';
import { readAddress } from '../route/condition/address-key.ts';

/** One request that is asked about. */
export interface ExplainedRequest {
  readonly scheme: 'http' | 'https';
  readonly method: string;
  readonly authority: string;
  /** Path with query, as it would be sent. */
  readonly path: string;
  /** Names are lower-case. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Name asked for in the TLS handshake; '' on plain connections and for none. */
  readonly serverName: string;
  readonly clientIp: string | undefined;
  /** The address that the client has connected to. */
  readonly vip: string | undefined;
  /** Absent: there is none. */
  readonly body?: string | undefined;
  /** When, in milliseconds since the epoch; absent: now. */
  readonly at?: number | undefined;
}

/** A body that is asked about is JSON, unless its headers say otherwise: no condition looks at another. */
export function headersWith(
  body: string | undefined,
  headers: ExplainedRequest['headers'],
): ExplainedRequest['headers'] {
  const isNamed = body === undefined || headers.some(([name]) => name === 'content-type');
  return isNamed ? headers : [...headers, ['content-type', 'application/json']];
}

/** What a client asks for by SNI: the host of its URL, nothing for an IP literal (RFC 6066, section 3). */
export function serverNameOf(authority: string): string {
  const host = authorityHost(authority);
  return readAddress(host) === undefined ? host : '';
}
