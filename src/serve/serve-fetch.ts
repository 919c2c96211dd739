import type { FetchHandler } from './handler.ts';
import type { ServedRequest } from './served-request.ts';
import type { ServedResponse } from './served-response.ts';

/** Shows a request as the web's Request, and sends the Response that comes back. */
export async function serveFetch(
  handler: FetchHandler,
  request: ServedRequest,
  response: ServedResponse,
): Promise<void> {
  const { status, statusText, headers, body } = await handler.fetch(asRequest(request));
  for (const [name, value] of headers) {
    // The framing is Portico's to choose.
    if (name !== 'content-length' && name !== 'transfer-encoding' && name !== 'connection')
      response.addHeader(name, value);
  }
  response.writeHead(status, statusText);
  if (body === null) return;
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      await response.write(value);
    }
  } finally {
    // Of a client that has gone: whoever makes the body must not make it for ever. After the end it does nothing.
    void reader.cancel().catch(() => {});
  }
}

function asRequest(request: ServedRequest): Request {
  const headers = new Headers();
  for (let i = 0; i < request.headers.length; i += 2)
    headers.append(request.headers[i]!, request.headers[i + 1]!);
  const { method, signal } = request;
  const hasBody = request.bodyLength !== 0 && method !== 'GET' && method !== 'HEAD';
  const body = hasBody ? ReadableStream.from(request.body()) : null;
  return new Request(request.url, { method, headers, signal, body, duplex: 'half' } as RequestInit);
}
