import type { IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { AcmeFailure } from './acme-failure.ts';
import type { AcmeRequest, AcmeResponse, AcmeTransport } from './transport.ts';

/**
 * Over HTTPS, a connection for each request: there are a dozen per certificate. Redirects are not followed: what is signed
 * names its address. `ca`: PEM, who may have issued the directory's certificate; undefined: those whom Node trusts.
 */
export function httpsTransport(ca: string | undefined, userAgent: string): AcmeTransport {
  return (request, signal) =>
    new Promise((resolve, reject) => {
      const fail = (error: unknown): void => reject(unreachable(request.url, error));
      const outgoing = httpsRequest(
        request.url,
        {
          method: request.method,
          ca,
          agent: false,
          signal: AbortSignal.any([signal, AbortSignal.timeout(REQUEST_TIMEOUT_MS)]),
          maxHeaderSize: MAX_HEADER_BYTES,
          headers: headersOf(request, userAgent),
        },
        (incoming) => {
          incoming.on('error', fail);
          readBody(incoming, (body) => resolve(responseOf(incoming, body)), fail);
        },
      );
      outgoing.on('error', fail);
      outgoing.end(request.body);
    });
}

/** From the first packet to the last byte of the answer. */
const REQUEST_TIMEOUT_MS = 30_000;
/** An order for a hundred hosts, and a chain of RSA certificates, take 30 KiB. */
const MAX_BODY_BYTES = 256 * 1024;
const MAX_HEADER_BYTES = 16 * 1024;

function headersOf({ method, body }: AcmeRequest, userAgent: string): Record<string, string> {
  const headers = { 'user-agent': userAgent };
  return method === 'POST'
    ? {
        ...headers,
        'content-type': 'application/jose+json',
        'content-length': String(Buffer.byteLength(body ?? '')),
      }
    : headers;
}

function readBody(
  incoming: IncomingMessage,
  done: (body: string) => void,
  fail: (error: Error) => void,
): void {
  const chunks: Buffer[] = [];
  let length = 0;
  incoming.on('data', (chunk: Buffer) => {
    length += chunk.length;
    if (length <= MAX_BODY_BYTES) chunks.push(chunk);
    else {
      fail(new Error(`its answer is longer than ${MAX_BODY_BYTES} bytes`));
      incoming.destroy();
    }
  });
  incoming.on('end', () => done(Buffer.concat(chunks).toString('utf8')));
  incoming.on('close', () => {
    // Too late to matter after `end`.
    fail(new Error('its answer broke off'));
  });
}

function responseOf({ statusCode, headers }: IncomingMessage, body: string): AcmeResponse {
  const nonce = headers['replay-nonce'];
  return {
    status: statusCode ?? 0,
    contentType: (headers['content-type'] ?? '').split(';')[0]!.trim().toLowerCase(),
    location: headers.location,
    replayNonce: typeof nonce === 'string' ? nonce : undefined,
    retryAfter: headers['retry-after'],
    body,
  };
}

function unreachable(url: string, error: unknown): AcmeFailure {
  const { code = '', message } = error as NodeJS.ErrnoException;
  const { host } = new URL(url);
  const reason = code === 'ABORT_ERR' ? `no answer within ${REQUEST_TIMEOUT_MS / 1000} s` : message;
  return new AcmeFailure(`${host} cannot be asked: ${reason}`, adviceOn(code));
}

function adviceOn(code: string): string {
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'check acme.directory and the DNS of this machine';
  if (CERTIFICATE_CODES.test(code)) return 'if the CA is your own, name its root certificate as acme.ca';
  return 'check acme.directory, and that this machine may open connections to the CA';
}

const CERTIFICATE_CODES = /CERT|UNABLE_TO|SELF_SIGNED|ALTNAME/;
