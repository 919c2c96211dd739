import {
  combinedHeaderValue,
  type HeaderList,
  hasListToken,
  headerValue,
} from '../../../protocols/http/header-list.ts';
import { copyEndToEnd, isHopByHop } from '../../../protocols/http/hop-by-hop.ts';
import { maxForwardsBehind } from '../../../protocols/http/max-forwards.ts';
import type { RequestHead, ResponseHead } from '../../../protocols/http/message.ts';
import { AddressBlocks } from '../../core/address-blocks.ts';
import { CONTINUE, type Module, type ReceivedExchange } from '../../core/callback-points.ts';
import type { Session } from '../../core/session.ts';
import { addClientCertificate, isClientCertificateField } from './client-certificate-fields.ts';

/**
 * What a front end owes to both sides: hop-by-hop fields end here (RFC 9110, section 7.6.1), backends are told who asked
 * (x-forwarded-for, -proto, -host, via) and under which id. What a sender said of others is believed only of those
 * listed as trusted, and replaced otherwise.
 *
 * `asksClients`: some tenant asks clients for certificates.
 */
export function createHeaderRules(trustedProxies: readonly string[], asksClients = false): Module {
  const trusted = new AddressBlocks(trustedProxies);
  return {
    name: 'header-rules',
    // Without trusted senders no id is ever taken over, and the handler need not run.
    handlers:
      trustedProxies.length === 0 ? {} : { beforeLocation: (exchange) => takeRequestId(exchange, trusted) },
    rewriteRequest: (session, head, headers) =>
      forwardedHeaders(session, head, headers, trusted.has(session.remoteAddress), asksClients),
    rewriteResponse,
  };
}

/** An id from a trusted sender stays, if it can go into logs and header lines as it is. */
function takeRequestId(exchange: ReceivedExchange, trusted: AddressBlocks): typeof CONTINUE {
  if (trusted.has(exchange.session.remoteAddress)) {
    const id = headerValue(exchange.head.headers, 'x-request-id');
    if (id !== undefined && REQUEST_ID.test(id)) exchange.id = id;
  }
  return CONTINUE;
}

const REQUEST_ID = /^[\w.:+/=-]{1,128}$/;

function forwardedHeaders(
  session: Session,
  head: RequestHead,
  headers: HeaderList,
  isTrusted: boolean,
  asksClients: boolean,
): HeaderList {
  const endToEnd: string[] = [];
  copyEndToEnd(headers, endToEnd);
  const out: string[] = [];
  for (let i = 0; i < endToEnd.length; i += 2) {
    const name = endToEnd[i]!;
    if (OURS.has(name) || (!isTrusted && OF_TRUSTED.has(name)) || isLookAlike(name)) continue;
    if (asksClients && isClientCertificateField(name)) continue;
    const value = endToEnd[i + 1]!;
    out.push(name, name === 'max-forwards' ? maxForwardsBehind(head.method, value) : value);
  }
  // Trailers are forwarded, so a client's readiness for them is passed on (RFC 9110, section 6.5.1).
  if (hasListToken(headers, 'te', 'trailers')) out.push('te', 'trailers');
  const before = isTrusted ? combinedHeaderValue(endToEnd, 'x-forwarded-for') : undefined;
  const { remoteAddress, scheme } = session;
  out.push('x-forwarded-for', before === undefined ? remoteAddress : `${before}, ${remoteAddress}`);
  out.push(
    'x-forwarded-proto',
    (isTrusted ? headerValue(endToEnd, 'x-forwarded-proto') : undefined) ?? scheme,
  );
  const host = (isTrusted ? headerValue(endToEnd, 'x-forwarded-host') : undefined) ?? head.authority;
  if (host !== '') out.push('x-forwarded-host', host);
  out.push('via', `${head.version} portico`);
  const client = session.tls?.client;
  if (client?.asked.headers === true) addClientCertificate(client, out);
  return out;
}

/** Fields whose final value is decided here. */
const OURS: ReadonlySet<string> = new Set([
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-forwarded-host',
  'x-request-id',
]);

/**
 * Whether a field is one of those that a sender may not send here but for underscores in place of hyphens: CGI and its descendants
 * (WSGI, Rack, PHP) take the one for the other.
 */
function isLookAlike(name: string): boolean {
  if (!name.includes('_')) return false;
  const other = name.replaceAll('_', '-');
  return OURS.has(other) || OF_TRUSTED.has(other) || other === 'content-length' || isHopByHop(other);
}

/** Fields that backends may believe, because nobody else can have sent them. */
const OF_TRUSTED: ReadonlySet<string> = new Set(['forwarded', 'x-mirrored-from']);

function rewriteResponse(head: ResponseHead, headers: HeaderList): HeaderList {
  const out: string[] = [];
  copyEndToEnd(headers, out);
  // 426 is nothing without the protocols it names (RFC 9110, section 15.5.22); the writer of HTTP/2, which has no such field, drops them.
  const protocols = head.status === 426 ? combinedHeaderValue(headers, 'upgrade') : undefined;
  if (protocols !== undefined) out.push('upgrade', protocols);
  return out;
}
