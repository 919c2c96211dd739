import { createHash, randomBytes } from 'node:crypto';

/**
 * The keys of the opening handshake of WebSocket over HTTP/1.1 (RFC 6455, section 4). Over HTTP/2 there are none (RFC 8441, section
 * 5.1): who stands between the two versions asks with a key of its own, or answers one.
 */
export function createWebSocketKey(): string {
  return randomBytes(16).toString('base64');
}

/** The Sec-WebSocket-Accept that answers a Sec-WebSocket-Key. */
export function webSocketAccept(key: string): string {
  return createHash('sha1')
    .update(key + GUID, 'latin1')
    .digest('base64');
}

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
