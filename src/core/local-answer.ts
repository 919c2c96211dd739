import { Buffer } from 'node:buffer';
import { grpcMessage, grpcStatus, isGrpc } from '../../protocols/http/grpc.ts';
import { type HeaderList, headerValue } from '../../protocols/http/header-list.ts';
import { type RequestHead, ResponseHead, UNKNOWN_LENGTH } from '../../protocols/http/message.ts';
import { UNSHARED } from '../../protocols/http/output.ts';
import { reasonPhrase } from '../../protocols/http/status.ts';
import type { Answer } from './callback-points.ts';
import type { ExchangeError } from './errors.ts';
import type { Exchange } from './exchange.ts';
import { httpDate } from './http-date.ts';

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
  // Of 304 it would be the length of what was not sent (RFC 9110, section 8.6), which nobody here knows.
  const length = status === 304 ? UNKNOWN_LENGTH : bytes.length;
  const head = new ResponseHead(status, '', [...headers, ...ownFields(id, wall)], length);
  return { head, body: bytes };
}

/** What every response made here carries. */
export function ownFields(id: string, wall: number): HeaderList {
  return ['x-request-id', id, 'date', httpDate(wall)];
}

/**
 * What an error is answered with: its name and what was seen, in a sentence. `asked`: the fields of the request, as far as they had
 * come; a gRPC call is answered in its own terms.
 */
export function errorAnswer(
  error: ExchangeError,
  asked: HeaderList,
  id: string,
  wall: number,
  headers: HeaderList = [],
): LocalAnswer {
  if (isGrpc(asked)) return grpcAnswer(error.status, `${error.name}: ${error.detail}`, headers, id, wall);
  const reason = reasonPhrase(error.status);
  const text = `${error.status} ${reason}\n${error.name}: ${error.detail}\nrequest id: ${id}\n`;
  return localAnswer(error.status, ['content-type', 'text/plain; charset=utf-8', ...headers], text, id, wall);
}

/** What a client is sent elsewhere with; a route says it in the same words. */
export function redirectAnswer(
  { url, status }: Extract<Answer, { kind: 'redirect' }>,
  id: string,
  wall: number,
): LocalAnswer {
  const headers = ['location', url, 'content-type', 'text/plain; charset=utf-8'];
  return localAnswer(status, headers, `See ${url}\n`, id, wall);
}

/** What a module answers with. A refusal of a gRPC call becomes a gRPC error, unless the module has made it one itself. */
export function moduleAnswer(
  { status, headers, body }: Extract<Answer, { kind: 'respond' }>,
  request: RequestHead,
  id: string,
  wall: number,
): LocalAnswer {
  if (status < 400 || !isGrpc(request.headers) || headerValue(headers, 'grpc-status') !== undefined)
    return localAnswer(status, headers, body, id, wall);
  const type = headerValue(headers, 'content-type') ?? 'text/plain';
  const text = type.startsWith('text/plain') ? body.trim().slice(0, MAX_GRPC_MESSAGE_CHARACTERS) : '';
  const others = headers.filter((_, i) => headers[i - (i % 2)] !== 'content-type');
  return grpcAnswer(status, text === '' ? reasonPhrase(status) : text, others, id, wall);
}

/** Clients allow 8 KiB for all of the metadata, and each character may become twelve by its encoding. */
const MAX_GRPC_MESSAGE_CHARACTERS = 512;

/** A response that is trailers only: the call is over before it has begun. */
function grpcAnswer(
  httpStatus: number,
  message: string,
  headers: HeaderList,
  id: string,
  wall: number,
): LocalAnswer {
  const status = String(grpcStatus(httpStatus));
  const fields = [
    'content-type',
    'application/grpc',
    'grpc-status',
    status,
    'grpc-message',
    grpcMessage(message),
  ];
  return localAnswer(200, [...fields, ...headers], '', id, wall);
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
