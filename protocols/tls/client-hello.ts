/**
 * Reads the ClientHello that opens a TLS connection, before anything is decided about it. It only reads: what arrived
 * is kept and handed on unchanged (`bytes`), to OpenSSL or, untouched, to a backend.
 *
 *   record header ──► fragment ──► record header … until the handshake message is whole ──► hello
 *
 * A handshake message may be cut over many records and a record over many segments (RFC 8446, section 5.1). What is
 * known to be wrong is said at the byte that makes it so; nothing waits for a length that will not be believed.
 */
import { Buffer } from 'node:buffer';
import { type ClientHello, decodeClientHello } from './client-hello-message.ts';
import { type HelloFault, helloFault } from './errors.ts';
import { MAX_HELLO_BYTES, MAX_HELLO_RECORDS, MAX_METHOD_CHARS } from './limits.ts';
import {
  CONTENT_TYPE,
  decodeHandshakeRecordLength,
  RECORD_HEADER_BYTES,
  RECORD_MAJOR_VERSION,
} from './record.ts';

export type ClientHelloResult =
  | { readonly kind: 'need-more' }
  | { readonly kind: 'hello'; readonly hello: ClientHello }
  /** Not the opening of any TLS or SSL version. `looksLikeHttp`: the bytes begin with a method and a space. */
  | { readonly kind: 'not-tls'; readonly looksLikeHttp: boolean }
  | { readonly kind: 'malformed'; readonly fault: HelloFault };

const NEED_MORE: ClientHelloResult = Object.freeze({ kind: 'need-more' });

/** HandshakeType client_hello (RFC 8446, section 4). */
const CLIENT_HELLO = 1;
const MESSAGE_HEADER_BYTES = 4;

/** Room for the hello of a browser with post-quantum key shares, so that the common case never grows. */
const INITIAL_BYTES = 2048;

export class ClientHelloReader {
  /** Everything received; valid up to `#end`, parsed up to `#at`. */
  #input: Buffer = Buffer.allocUnsafe(INITIAL_BYTES);
  #end = 0;
  #at = 0;
  /** The handshake message without record headers; valid up to `#messageEnd`. */
  #message: Buffer = Buffer.allocUnsafe(INITIAL_BYTES);
  #messageEnd = 0;
  /** Bytes of the current record's fragment that have not been parsed. */
  #fragmentLeft = 0;
  #records = 0;
  #done = false;

  /**
   * Takes the next bytes of the connection; they are copied. After any answer but `need-more` the reader is done, and
   * calling it again is a fault of the caller.
   */
  receive(chunk: Uint8Array): ClientHelloResult {
    if (this.#done) throw new Error('the ClientHello has been read already');
    this.#keep(chunk);
    const result = this.#parse();
    this.#done = result.kind !== 'need-more';
    return result;
  }

  /** All input so far, also what came behind the hello. The memory is the reader's own; it never writes it again once done. */
  bytes(): Buffer {
    return this.#input.subarray(0, this.#end);
  }

  #keep(chunk: Uint8Array): void {
    this.#input = withRoom(this.#input, this.#end, chunk.length);
    this.#input.set(chunk, this.#end);
    this.#end += chunk.length;
  }

  #parse(): ClientHelloResult {
    while (true) {
      if (this.#fragmentLeft === 0) {
        const refused = this.#beginRecord();
        if (refused !== undefined) return refused;
        continue;
      }
      if (this.#at === this.#end) return NEED_MORE;
      this.#takeFragment();
      const answer = this.#judgeMessage();
      if (answer !== undefined) return answer;
    }
  }

  /** Reads one record header; an answer when it is incomplete or wrong. */
  #beginRecord(): ClientHelloResult | undefined {
    const available = this.#end - this.#at;
    if (this.#records === 0 && available > 0) {
      const refused = judgeOpening(this.bytes());
      if (refused !== undefined) return refused;
    }
    if (available < RECORD_HEADER_BYTES) return NEED_MORE;
    const length = decodeHandshakeRecordLength(this.#input, this.#at);
    if (typeof length !== 'number') return { kind: 'malformed', fault: length };
    if (++this.#records > MAX_HELLO_RECORDS) return malformed('too-many-records');
    this.#at += RECORD_HEADER_BYTES;
    this.#fragmentLeft = length;
    return undefined;
  }

  #takeFragment(): void {
    const length = Math.min(this.#fragmentLeft, this.#end - this.#at);
    this.#message = withRoom(this.#message, this.#messageEnd, length);
    this.#message.set(this.#input.subarray(this.#at, this.#at + length), this.#messageEnd);
    this.#messageEnd += length;
    this.#at += length;
    this.#fragmentLeft -= length;
  }

  /** An answer once the message is whole, or as soon as it can only be wrong. */
  #judgeMessage(): ClientHelloResult | undefined {
    const message = this.#message;
    if (message[0] !== CLIENT_HELLO) return malformed('message-type');
    if (this.#messageEnd < MESSAGE_HEADER_BYTES) return undefined;
    const bodyBytes = message.readUIntBE(1, 3);
    if (bodyBytes > MAX_HELLO_BYTES) return malformed('hello-too-large');
    const messageBytes = MESSAGE_HEADER_BYTES + bodyBytes;
    // The ClientHello must end its record (section 5.1); this also keeps what is buffered below MAX_BUFFERED_BYTES.
    if (this.#messageEnd + this.#fragmentLeft > messageBytes) return malformed('extra-handshake-data');
    if (this.#messageEnd < messageBytes) return undefined;
    const hello = decodeClientHello(message.subarray(MESSAGE_HEADER_BYTES, messageBytes));
    return 'rule' in hello ? { kind: 'malformed', fault: hello } : { kind: 'hello', hello };
  }
}

/** An answer when the first bytes, of which there is at least one, are not a record's; undefined when they can be. */
function judgeOpening(bytes: Uint8Array): ClientHelloResult | undefined {
  const first = bytes[0]!;
  if ((first & 0x80) !== 0) {
    // SSLv2: a two-byte length with the top bit set, then message type 1 (RFC 5246, appendix E.2).
    if (bytes.length < 3) return NEED_MORE;
    return bytes[2] === CLIENT_HELLO ? malformed('sslv2-hello') : { kind: 'not-tls', looksLikeHttp: false };
  }
  const isRecordType = first >= CONTENT_TYPE.changeCipherSpec && first <= CONTENT_TYPE.applicationData;
  const isRecord = isRecordType && (bytes.length < 2 || bytes[1] === RECORD_MAJOR_VERSION);
  return isRecord ? undefined : judgeStranger(bytes);
}

/**
 * Upper-case letters up to a space are what every registered method looks like, and what `SSH-2.0-…` does not; while
 * there are only letters, the answer must wait, or it would depend on where the input was cut.
 */
function judgeStranger(bytes: Uint8Array): ClientHelloResult {
  let letters = 0;
  while (letters < bytes.length && bytes[letters]! >= 0x41 && bytes[letters]! <= 0x5a) letters += 1;
  if (letters > MAX_METHOD_CHARS) return { kind: 'not-tls', looksLikeHttp: false };
  if (letters === bytes.length) return NEED_MORE;
  return { kind: 'not-tls', looksLikeHttp: letters > 0 && bytes[letters] === 0x20 };
}

function malformed(rule: Parameters<typeof helloFault>[0]): ClientHelloResult {
  return { kind: 'malformed', fault: helloFault(rule) };
}

/** `buffer`, or a copy of its first `used` bytes that has room for `more`; doubling keeps single bytes linear. */
function withRoom(buffer: Buffer, used: number, more: number): Buffer {
  if (used + more <= buffer.length) return buffer;
  const larger = Buffer.allocUnsafe(Math.max(buffer.length * 2, used + more));
  buffer.copy(larger, 0, 0, used);
  return larger;
}
