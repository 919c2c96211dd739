import { RequestHead, type RequestHeadFields } from '../../protocols/http/message.ts';
import type { FinishedExchange } from '../../src/core/callback-points.ts';
import type { RequestFacts } from '../../src/core/request-facts.ts';
import { Session, type SessionOrigin, type TlsSession } from '../../src/core/session.ts';
import { routingPath } from '../../src/route/routing-path.ts';

/** An exchange as `requestFinish` sees it: answered with 200 by 127.0.0.1:9001 after 12.5 ms, unless told otherwise. */
export function finishedExchange(
  fields: Partial<FinishedExchange> = {},
  head: Partial<RequestHeadFields> = {},
): FinishedExchange {
  const request = requestHead(head);
  return {
    session: session(),
    head: request,
    id: '5f0c2a7e9b1d4c38',
    receivedAt: 1000,
    requestHeaders: request.headers,
    path: request.path,
    response: undefined,
    facts: undefined,
    tenant: { name: 'shop' },
    route: '/api/*',
    cluster: { name: 'web' },
    instance: { address: { text: '127.0.0.1:9001' } },
    attempts: 1,
    status: 200,
    bytesIn: 0,
    bytesOut: 512,
    waitedMs: 0,
    connectedAt: 1000.25,
    requestSentAt: 1000.5,
    respondedAt: 1012,
    finishedAt: 1012.5,
    answeredBy: '',
    error: undefined,
    ...fields,
  };
}

export function requestHead(fields: Partial<RequestHeadFields> = {}): RequestHead {
  return new RequestHead({
    scheme: '',
    method: 'GET',
    authority: 'shop.example.org',
    path: '/api/cart?item=42',
    version: '1.1',
    headers: ['accept', '*/*', 'user-agent', 'curl/8.5.0'],
    bodyLength: 0,
    upgrade: '',
    neverIndexed: undefined,
    expectsContinue: false,
    ...fields,
  });
}

export function session(origin: Partial<SessionOrigin> = {}, tls?: Partial<TlsSession>): Session {
  const made = new Session({
    id: 7,
    listener: ':8443',
    remoteAddress: '127.0.0.1',
    remotePort: 51234,
    acceptedAt: 900,
    endpoint: { localAddress: '127.0.0.1', localPort: 8443 },
    ...origin,
  });
  if (tls !== undefined) {
    made.tls = {
      serverName: 'shop.example.org',
      alpn: 'http/1.1',
      version: 'TLSv1.3',
      cipher: 'TLS_AES_128_GCM_SHA256',
      resumed: false,
      certificateHosts: ['shop.example.org'],
      isOldCipher: false,
      client: undefined,
      ...tls,
    };
  }
  return made;
}

/** What the pure functions of modules see of a request to tenant `shop`. */
export function requestFacts(
  head: Partial<RequestHeadFields> = {},
  facts: Partial<RequestFacts> = {},
): RequestFacts {
  const request = requestHead(head);
  return {
    session: session(),
    head: request,
    tenant: { name: 'shop' },
    routeText: '/api/*',
    routingPath: routingPath(request.path),
    scheme: facts.session?.scheme ?? 'http',
    clientAddress: '127.0.0.1',
    tags: [],
    ...facts,
  };
}
