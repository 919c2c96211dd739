import { authorityHost, isValidAuthority } from '../../protocols/http/authority.ts';
import { readInstant } from '../core/instant.ts';
import { isToken, readRequestText } from '../core/request-text.ts';
import { readAddress } from '../route/condition/address-key.ts';
import { type ExplainedRequest, serverNameOf } from './explained-request.ts';

/**
 * The request of a line: of our access log, or `METHOD URL`, or a URL alone. Undefined where the line is good and holds none (empty, a
 * comment, a connection that was refused); a sentence where it cannot be read. `now`: for requests that say no time, in
 * milliseconds since the epoch.
 */
export function readRecordedRequest(line: string, now: number): ExplainedRequest | undefined | string {
  const text = line.trim();
  if (text === '' || text.startsWith('#')) return undefined;
  return text.startsWith('{') ? fromAccessLog(text, now) : fromList(text, now);
}

function fromList(text: string, now: number): ExplainedRequest | string {
  const read = readRequestText(text);
  if (typeof read === 'string') return read;
  const { method, origin, path } = read;
  if (origin === undefined) return `a URL is needed, with http:// or https://: ${text}`;
  const serverName = origin.scheme === 'http' ? '' : serverNameOf(origin.authority);
  return { ...origin, method, path, headers: [], serverName, clientIp: undefined, vip: undefined, at: now };
}

function fromAccessLog(text: string, now: number): ExplainedRequest | undefined | string {
  let record: unknown;
  try {
    record = JSON.parse(text);
  } catch {
    return 'neither a line of the access log nor a URL: it begins like JSON and is none';
  }
  const field = (name: string): string | undefined => {
    const value = (record as Readonly<Record<string, unknown>>)[name];
    return typeof value === 'string' ? value : undefined;
  };
  const type = field('type');
  if (type !== 'access' && type !== 'stream' && type !== 'refused')
    return 'not a line of the access log: its type is access, stream or refused';
  const connection = {
    clientIp: clientOf(field('client')),
    // Not logged.
    vip: undefined,
    at: readInstant(field('time') ?? '') ?? now,
  };
  if (type === 'access') return exchangeOf(field, connection);
  return type === 'stream' ? streamOf(field, connection) : undefined;
}

type Field = (name: string) => string | undefined;
type ConnectionFacts = Pick<ExplainedRequest, 'clientIp' | 'vip' | 'at'>;

/** Undefined for what was cut when it was logged, and for `OPTIONS *`, which no route answers. */
function exchangeOf(field: Field, connection: ConnectionFacts): ExplainedRequest | undefined {
  const isSecure = field('tls') !== undefined;
  const serverName = isSecure ? (field('sni') ?? '') : '';
  // HTTP/1.0 without Host: over TLS the client has named the host all the same.
  const authority = field('host') || serverName;
  const path = field('path') ?? '';
  const method = field('method') ?? '';
  if (!path.startsWith('/') || path.endsWith(CUT) || !isToken(method)) return undefined;
  if (authority !== '' && !isValidAuthority(authority)) return undefined;
  const headers = (['userAgent', 'referer'] as const).flatMap((name) => {
    const value = field(name);
    return value === undefined || value.endsWith(CUT) ? [] : [[HEADERS[name], value] as const];
  });
  return {
    scheme: isSecure ? 'https' : 'http',
    method,
    authority,
    path,
    headers,
    serverName: serverName.toLowerCase(),
    ...connection,
  };
}

/** A stream that came by TLS is found by its name alone. */
function streamOf(field: Field, connection: ConnectionFacts): ExplainedRequest | undefined {
  const serverName = field('sni') ?? '';
  if (field('way') === 'listener' || !isValidAuthority(serverName)) return undefined;
  return {
    scheme: 'https',
    method: 'GET',
    authority: serverName,
    path: '/',
    headers: [],
    serverName: authorityHost(serverName),
    ...connection,
  };
}

/** Behind what was cut (docs/access-log.md). */
const CUT = '…';

const HEADERS = { userAgent: 'user-agent', referer: 'referer' } as const;

/** Of `192.0.2.7:51234` and `[2001:db8::7]:51234`. */
function clientOf(peer = ''): string | undefined {
  const address = peer.slice(0, Math.max(0, peer.lastIndexOf(':'))).replace(/^\[(.*)\]$/, '$1');
  return readAddress(address) === undefined ? undefined : address;
}
