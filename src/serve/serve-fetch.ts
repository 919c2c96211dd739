import { isHopByHop } from '../../protocols/http/hop-by-hop.ts';
import { exchangeError } from '../core/errors.ts';
import type { FetchHandler } from './handler.ts';
import { RequestFault } from './request-fault.ts';
import type { ServedRequest } from './served-request.ts';
import type { ServedResponse } from './served-response.ts';

/** Shows a request as the web's Request, and sends the Response that comes back. */
export async function serveFetch(
  handler: FetchHandler,
  request: ServedRequest,
  response: ServedResponse,
): Promise<void> {
  const { status, statusText, headers, body } = await handler.fetch(asRequest(request));
  const isHead = request.method === 'HEAD';
  for (const [name, value] of headers) {
    // Framing and connection are Portico's affair; an answer to HEAD has no framing, and tells what GET would be answered.
    if (name === 'content-length' && !isHead) continue;
    if (!isHopByHop(name) || (name === 'upgrade' && status === 426)) response.addHeader(name, value);
  }
  response.writeHead(status, statusText);
  if (body === null) return;
  if (isHead) void body.cancel().catch(() => {});
  else await copyBody(body, request.signal, response);
}

async function copyBody(
  body: ReadableStream<Uint8Array>,
  signal: AbortSignal,
  response: ServedResponse,
): Promise<void> {
  const reader = body.getReader();
  // Of a client that has gone: whoever makes the body must not make it for ever. A read that waits ends by it.
  const cancel = (): void => void reader.cancel(signal.reason).catch(() => {});
  if (signal.aborted) cancel();
  else signal.addEventListener('abort', cancel);
  try {
    for (;;) {
      // A body that is there at once goes out whole, with its length; one that takes its time, such as events, as it comes.
      const pause = response.hasBegun ? undefined : setImmediate(() => response.flush());
      const { done, value } = await reader.read().finally(() => clearImmediate(pause));
      if (done) return;
      await response.write(value);
    }
  } finally {
    signal.removeEventListener('abort', cancel);
    cancel();
  }
}

function asRequest(request: ServedRequest): Request {
  const headers = new Headers();
  for (let i = 0; i < request.headers.length; i += 2)
    headers.append(request.headers[i]!, request.headers[i + 1]!);
  const { method, signal, url } = request;
  // The web knows fewer hosts and methods than HTTP. That is no fault of the handler.
  if (!URL.canParse(url))
    throw new RequestFault(exchangeError('malformed-request', 'the host cannot stand in a URL'));
  if (/^(?:CONNECT|TRACE|TRACK)$/i.test(method))
    throw new RequestFault(exchangeError('method-not-implemented', 'this handler takes no such method'));
  const hasBody = request.bodyLength !== 0 && method !== 'GET' && method !== 'HEAD';
  const body = hasBody ? ReadableStream.from(request.body()) : null;
  return new Request(url, { method, headers, signal, body, duplex: 'half' } as RequestInit);
}
