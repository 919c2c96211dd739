import { type HeaderList, headerValue } from '../../protocols/http/header-list.ts';
import type { RequestFields } from '../../protocols/http2/head-encoder.ts';
import type { ForwardRequest } from '../core/upstream.ts';
import { WEBSOCKET, webSocketAccept } from './websocket-handshake.ts';

/**
 * Whether a request becomes an extended CONNECT (RFC 8441). HTTP/2 knows no other upgrade: one that is asked for in HTTP/1.1 is not
 * passed on, and the request is the ordinary one that it would have been without (RFC 9110, section 7.8).
 */
export function isTunnelRequest({ upgrade }: ForwardRequest): boolean {
  return upgrade === WEBSOCKET;
}

/** A request as HTTP/2 says it; kept on the request, so that its repetitions are encoded once. */
export function requestFields(request: ForwardRequest, scheme: 'http' | 'https'): RequestFields {
  const known = request.http2Fields as RequestFields | undefined;
  if (known !== undefined && known.scheme === scheme) return known;
  const isTunnel = isTunnelRequest(request);
  const fields: RequestFields = {
    method: isTunnel ? 'CONNECT' : request.method,
    scheme,
    authority: request.authority,
    path: request.path,
    headers: isTunnel ? without(request.headers, 'sec-websocket-key') : request.headers,
    bodyLength: request.bodyLength,
    protocol: isTunnel ? request.upgrade : '',
    neverIndexed: request.neverIndexed,
  };
  request.http2Fields = fields;
  return fields;
}

/** The fields of the response that begins the tunnel for `request`, as a client that asked by HTTP/1.1 must have them. */
export function tunnelHeaders(request: ForwardRequest, headers: HeaderList): HeaderList {
  const rest = without(headers, 'sec-websocket-accept');
  const key = headerValue(request.headers, 'sec-websocket-key');
  return key === undefined ? rest : [...rest, 'sec-websocket-accept', webSocketAccept(key)];
}

function without(headers: HeaderList, name: string): HeaderList {
  return headers.filter((_, i) => headers[i - (i % 2)] !== name);
}
