import { RequestHead } from '../../protocols/http/message.ts';
import { Session, type TlsSession } from '../core/session.ts';
import type { Snapshot } from '../proxy/snapshot.ts';
import type { ExplainedRequest } from './explained-request.ts';

/** What a snapshot wants to know of an exchange. */
export type LocatableExchange = Parameters<Snapshot['locate']>[0];

/** What of a TLS connection decides about requests. */
export type SettledTls = Omit<TlsSession, 'cipher' | 'resumed'>;

/** A request that nobody has sent, as a driver would bring it. Where the client is may not have been said: then no condition on it holds. */
export function exchangeFor(request: ExplainedRequest, tls: SettledTls | undefined): LocatableExchange {
  const { method, authority, path, headers, clientIp = '', vip = '', body = '' } = request;
  const session = new Session({
    id: 0,
    listener: '',
    remoteAddress: clientIp,
    remotePort: 0,
    acceptedAt: 0,
    endpoint: { localAddress: vip },
  });
  if (tls !== undefined) session.tls = { ...tls, cipher: '', resumed: false };
  const head = new RequestHead({
    method,
    scheme: '',
    authority,
    path,
    version: tls?.alpn === 'h2' ? '2' : '1.1',
    headers: headers.flat(),
    bodyLength: Buffer.byteLength(body),
    upgrade: '',
    expectsContinue: false,
    neverIndexed: undefined,
  });
  return { session, head, path, requestHeaders: head.headers };
}
