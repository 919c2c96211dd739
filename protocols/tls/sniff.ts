/**
 * Tells protocols apart by the first bytes of a connection. TLS records begin with 0x16, which no HTTP method can;
 * HTTP/2 with prior knowledge begins with its preface (RFC 9113, section 3.4); everything else is for the HTTP/1 parser
 * to refuse properly.
 */
import { Buffer } from 'node:buffer';
import { CONTENT_TYPE } from './record.ts';

export type FirstBytes = 'tls' | 'http2-preface' | 'http1' | 'need-more';

const HTTP2_PREFACE: Uint8Array = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');

/** `bytes` are all bytes since the accept, not only the latest. */
export function sniffFirstBytes(bytes: Uint8Array): FirstBytes {
  if (bytes[0] === CONTENT_TYPE.handshake) return 'tls';
  const length = Math.min(bytes.length, HTTP2_PREFACE.length);
  for (let i = 0; i < length; i++) {
    if (bytes[i] !== HTTP2_PREFACE[i]) return 'http1';
  }
  return length === HTTP2_PREFACE.length ? 'http2-preface' : 'need-more';
}
