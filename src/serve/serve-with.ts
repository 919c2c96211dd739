import type { Handler } from './handler.ts';
import { serveFetch } from './serve-fetch.ts';
import type { ServedRequest } from './served-request.ts';
import type { ServedResponse } from './served-response.ts';

/** Has a handler of any of its shapes answer. */
export function serveWith(
  handler: Handler,
  request: ServedRequest,
  response: ServedResponse,
): void | Promise<void> {
  if (typeof handler === 'function') return handler(request, response);
  if ('serve' in handler) return handler.serve(request, response);
  return serveFetch(handler, request, response);
}
