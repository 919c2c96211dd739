import { Buffer } from 'node:buffer';
import { type HeaderList, headerValue } from './header-list.ts';

/**
 * What gRPC over HTTP asks of a server that answers in the service's place (gRPC's PROTOCOL-HTTP2.md and
 * http-grpc-status-mapping.md). Its clients understand an error only as a gRPC status.
 */

/** Whether a request is a gRPC call: `application/grpc`, alone or with `+proto` or parameters; not `application/grpc-web`. */
export function isGrpc(headers: HeaderList): boolean {
  const type = headerValue(headers, 'content-type');
  if (type === undefined || type.length < MEDIA_TYPE.length) return false;
  if (type.slice(0, MEDIA_TYPE.length).toLowerCase() !== MEDIA_TYPE) return false;
  const next = type[MEDIA_TYPE.length];
  return next === undefined || next === '+' || next === ';';
}

const MEDIA_TYPE = 'application/grpc';

/** The status of a call that an answer of this HTTP status refuses. */
export function grpcStatus(httpStatus: number): number {
  return GRPC_STATUS.get(httpStatus) ?? UNKNOWN;
}

const UNKNOWN = 2;
const DEADLINE_EXCEEDED = 4;
const PERMISSION_DENIED = 7;
const RESOURCE_EXHAUSTED = 8;
const UNIMPLEMENTED = 12;
const INTERNAL = 13;
const UNAVAILABLE = 14;
const UNAUTHENTICATED = 16;

/** docs/errors.md gives the reasons. */
const GRPC_STATUS: ReadonlyMap<number, number> = new Map([
  [400, INTERNAL],
  [401, UNAUTHENTICATED],
  [403, PERMISSION_DENIED],
  [404, UNIMPLEMENTED],
  [408, DEADLINE_EXCEEDED],
  [413, RESOURCE_EXHAUSTED],
  [414, RESOURCE_EXHAUSTED],
  [417, INTERNAL],
  [429, UNAVAILABLE],
  [431, RESOURCE_EXHAUSTED],
  [500, INTERNAL],
  [501, INTERNAL],
  [502, UNAVAILABLE],
  [503, UNAVAILABLE],
  [504, DEADLINE_EXCEEDED],
  [505, INTERNAL],
]);

/** A text as the value of `grpc-message`: UTF-8, with everything but printable ASCII percent-encoded, and the percent sign. */
export function grpcMessage(text: string): string {
  let encoded = '';
  for (const octet of Buffer.from(text)) {
    const isPlain = octet >= 0x20 && octet <= 0x7e && octet !== 0x25;
    encoded += isPlain ? String.fromCharCode(octet) : `%${octet.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return encoded;
}
