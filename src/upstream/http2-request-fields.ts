import { type HeaderList, headerValue } from '../../protocols/http/header-list.ts';
import type { RequestFields } from '../../protocols/http2/head-encoder.ts';
import type { ForwardRequest } from '../core/upstream.ts';
import { webSocketAccept } from './websocket-handshake.ts';

/** A request as HTTP/2 says it; kept on the request, so that its repetitions are encoded once. */
export function requestFields(request: ForwardRequest, scheme: 'http' | 'https'): RequestFields {
  const known = request.http2Fields as RequestFields | undefined;
  if (known !== undefined && known.scheme === scheme) return known;
  const isUpgrade = request.upgrade !== '';
  const fields: RequestFields = {
    method: isUpgrade ? 'CONNECT' : request.method,
    scheme,
    authority: request.authority,
    path: request.path,
    headers: isUpgrade ? without(request.headers, 'sec-websocket-key') : request.headers,
    bodyLength: request.bodyLength,
    protocol: request.upgrade,
    neverIndexed: request.neverIndexed,
  };
  request.http2Fields = fields;
  return fields;
}

/** What the head that begins a tunnel gets for a client that asked by HTTP/1.1; undefined: it is no upgrade. */
export function tunnelHeaders(request: ForwardRequest): HeaderList | undefined {
  if (request.upgrade === '') return undefined;
  const key = headerValue(request.headers, 'sec-websocket-key');
  return key === undefined ? [] : ['sec-websocket-accept', webSocketAccept(key)];
}

function without(headers: HeaderList, name: string): HeaderList {
  return headers.filter((_, i) => headers[i - (i % 2)] !== name);
}
