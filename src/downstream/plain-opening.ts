import type { Buffer } from 'node:buffer';
import { Opening } from './opening.ts';
import { beginProtocol } from './protocol-choice.ts';

/** A connection to a plain listener: its first bytes say what it speaks. */
export class PlainOpening extends Opening {
  protected override judge(chunk: Buffer): void {
    if (chunk[0] === TLS_HANDSHAKE) {
      this.refuseAsHttp('TLS on a plain port: use http:// here, or the TLS port');
      return;
    }
    this.release();
    beginProtocol('http/1.1', this.socket, this.reader, this.session, this.front, chunk);
  }
}

/** ContentType handshake (RFC 8446, section 5.1): no HTTP message begins with it. */
const TLS_HANDSHAKE = 0x16;
