import { Buffer } from 'node:buffer';
import type { HeaderList } from '../../protocols/http/header-list.ts';
import { ResponseHead } from '../../protocols/http/message.ts';
import { UNSHARED } from '../../protocols/http/output.ts';
import { reasonPhrase } from '../../protocols/http/status.ts';
import type { ExchangeError } from './errors.ts';
import type { Exchange } from './exchange.ts';

/** A complete response of our own. */
export interface LocalAnswer {
  readonly head: ResponseHead;
  readonly body: Buffer;
}

/** Any response of ours: it always carries the id that its log line has (design: answers). */
export function localAnswer(
  status: number,
  headers: HeaderList,
  body: string | Buffer,
  id: string,
  wall: number,
): LocalAnswer {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  const head = new ResponseHead(
    status,
    '',
    [...headers, 'x-request-id', id, 'date', httpDate(wall)],
    bytes.length,
  );
  return { head, body: bytes };
}

/** What an error is answered with: its name and what was seen, in a sentence. */
export function errorAnswer(
  error: ExchangeError,
  id: string,
  wall: number,
  headers: HeaderList = [],
): LocalAnswer {
  const reason = reasonPhrase(error.status);
  const text = `${error.status} ${reason}\n${error.name}: ${error.detail}\nrequest id: ${id}\n`;
  return localAnswer(error.status, ['content-type', 'text/plain; charset=utf-8', ...headers], text, id, wall);
}

/** Sends a local answer as the whole response of an exchange. */
export function sendAnswer(exchange: Exchange, answer: LocalAnswer): void {
  exchange.response = answer.head;
  exchange.respond(answer.head);
  if (answer.body.length > 0 && exchange.head.method !== 'HEAD')
    exchange.write(answer.body, 0, answer.body.length, UNSHARED);
  exchange.end([]);
  exchange.flush();
}

let dateSecond = 0;
let dateText = '';

/** IMF-fixdate (RFC 9110, section 5.6.7), made once a second. */
function httpDate(wall: number): string {
  const second = Math.floor(wall / 1000);
  if (second !== dateSecond) {
    dateSecond = second;
    dateText = new Date(wall).toUTCString();
  }
  return dateText;
}
