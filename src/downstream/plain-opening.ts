import { Buffer } from 'node:buffer';
import { CLIENT_PREFACE } from '../../protocols/http2/preface.ts';
import { type ExchangeError, exchangeError } from '../core/errors.ts';
import { Opening } from './opening.ts';
import { beginProtocol } from './protocol-choice.ts';

/** A connection to a plain listener: its first bytes say what it speaks. */
export class PlainOpening extends Opening {
  /** Bytes so far that may yet become the preface of HTTP/2. */
  #first: Buffer | undefined = undefined;

  /** The beginning of a head that might have been either. */
  override expire(): void {
    if (this.#first === undefined) super.expire();
    else this.#refuseFirst(exchangeError('request-timeout', 'the request head came too slowly'));
  }

  override ended(): void {
    if (this.#first === undefined) super.ended();
    else this.#refuseFirst(exchangeError('malformed-request', 'the connection ended inside a request head'));
  }

  #refuseFirst(error: ExchangeError): void {
    this.#first = undefined;
    this.refuseAsHttp(error);
  }

  protected override judge(chunk: Buffer): void {
    if (this.#first === undefined && chunk[0] === TLS_HANDSHAKE) {
      this.refuseAsHttp(
        exchangeError('malformed-request', 'TLS on a plain port: use http:// here, or the TLS port'),
      );
      return;
    }
    const first = this.#first === undefined ? chunk : Buffer.concat([this.#first, chunk]);
    const length = Math.min(first.length, PREFACE.length);
    const isPreface = PREFACE.compare(first, 0, length, 0, length) === 0;
    if (isPreface && length < PREFACE.length) {
      this.#first = Buffer.from(first);
      return;
    }
    if (isForeign(first)) {
      this.refuse(exchangeError('malformed-request', 'the first line is of neither HTTP/1 nor HTTP/2'), '');
      return;
    }
    this.release();
    const protocol = isPreface ? 'h2' : 'http/1.1';
    beginProtocol(protocol, this.socket, this.reader, this.session, this.front, first);
  }
}

/** ContentType handshake (RFC 8446, section 5.1): no HTTP message begins with it. */
const TLS_HANDSHAKE = 0x16;

/**
 * The request line of the preface: a client that has prior knowledge (RFC 9113, section 3.3). No request of HTTP/1.1 has a line
 * like it; what stands behind it is for the engine to judge.
 */
const PREFACE = Buffer.from(CLIENT_PREFACE.slice(0, CLIENT_PREFACE.indexOf('\r')), 'latin1');

/**
 * Whether the first line has three words of which none but the first could be HTTP's: the preface of some other protocol, or a
 * wrong one of HTTP/2, which is not to be answered in HTTP/1 (RFC 9113, section 3.4). All else that is wrong is told so by a 400.
 */
function isForeign(first: Buffer): boolean {
  const end = first.indexOf('\r\n');
  if (end < 0 || end > MAX_FOREIGN_LINE_BYTES) return false;
  const words = first.toString('latin1', 0, end).split(' ');
  return words.length === 3 && !/^[/*]|[:/?]/.test(words[1]!) && !/^http|\//i.test(words[2]!);
}

/** Longer ones are read as HTTP/1, which has a limit and an answer for them. */
const MAX_FOREIGN_LINE_BYTES = 256;
