import { createHash, randomBytes } from 'node:crypto';
import { combinedHeaderValue, type HeaderList } from '../../protocols/http/header-list.ts';
import type { ForwardRequest } from '../core/upstream.ts';

/** The one protocol whose opening handshake is known in both versions (RFC 6455, RFC 8441), as `ForwardRequest.upgrade` has it. */
export const WEBSOCKET = 'websocket';

/**
 * The key for an opening handshake over HTTP/1.1 (RFC 6455, section 4.1) of what came by HTTP/2, where there is none (RFC 8441,
 * section 5.1). '': none is needed.
 */
export function missingWebSocketKey({ upgrade, isExtendedConnect }: ForwardRequest): string {
  return isExtendedConnect && upgrade === WEBSOCKET ? randomBytes(16).toString('base64') : '';
}

/** Whether a response has the one Sec-WebSocket-Accept that answers `key`. */
export function isWebSocketAccepted(headers: HeaderList, key: string): boolean {
  return combinedHeaderValue(headers, 'sec-websocket-accept') === webSocketAccept(key);
}

/** The Sec-WebSocket-Accept that answers a Sec-WebSocket-Key (RFC 6455, section 4.2.2). */
export function webSocketAccept(key: string): string {
  return createHash('sha1')
    .update(key + GUID, 'latin1')
    .digest('base64');
}

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
