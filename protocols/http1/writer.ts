import type { Buffer } from 'node:buffer';
import { type HeaderList, headerValue } from '../http/header-list.ts';
import type { ResponseHead } from '../http/message.ts';
import type { BytesOwner, Output } from '../http/output.ts';
import { reasonPhrase } from '../http/status.ts';

/**
 * Messages written anew: nothing of what a peer sent as framing is ever copied (RFC 9112). Field lists are trusted here: the
 * parsers have checked what came from peers, and the pipeline checks what modules put in.
 */

/**
 * Request line and fields without the final empty line; `authority` becomes Host. `te`, which can say nothing but `trailers`
 * here, goes last: there the engine sees that Connection must name it (RFC 9110, section 10.1.4).
 */
export function encodeRequestBlock(
  method: string,
  path: string,
  authority: string,
  headers: HeaderList,
): string {
  const start = `${method} ${path} HTTP/1.1\r\nhost: ${authority}\r\n`;
  if (headerValue(headers, 'te') === undefined) return start + encodeFields(headers);
  const others = headers.filter((_, i) => headers[i - (i % 2)] !== 'te');
  return `${start}${encodeFields(others)}te: trailers\r\n`;
}

/** Whether a request block has `te`. */
export function blockHasTe(block: string): boolean {
  return block.endsWith('\r\nte: trailers\r\n');
}

/** Status line and fields without framing and without the final empty line. */
export function encodeResponseBlock(head: ResponseHead): string {
  const reason = head.reason === '' ? reasonPhrase(head.status) : head.reason;
  return `HTTP/1.1 ${head.status} ${reason}\r\n${encodeFields(head.headers)}`;
}

/** One line per field. */
export function encodeFields(headers: HeaderList): string {
  let text = '';
  for (let i = 0; i < headers.length; i += 2) text += `${headers[i]}: ${headers[i + 1]}\r\n`;
  return text;
}

/** A chunk with its framing (RFC 9112, section 7.1). Never call it with nothing: an empty chunk would end the body. */
export function writeChunk(
  output: Output,
  bytes: Buffer,
  start: number,
  end: number,
  owner: BytesOwner | undefined,
): void {
  output.text(`${(end - start).toString(16)}\r\n`);
  output.bytes(bytes, start, end, owner);
  output.text('\r\n');
}

/** The last chunk and the trailer section. */
export function encodeLastChunk(trailers: HeaderList): string {
  return trailers.length === 0 ? '0\r\n\r\n' : `0\r\n${encodeFields(trailers)}\r\n`;
}
