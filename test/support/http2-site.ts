import { createHash, randomBytes } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import type { TestContext } from 'node:test';
import { type Http2Front, startHttp2Front } from './http2-front.ts';
import { startHttpOrigin } from './origin.ts';
import { PATIENCE_MS } from './peer.ts';

export interface Http2Site extends Http2Front {
  /** What the backend was asked: `GET /text`, in order. */
  readonly asked: readonly string[];
  /** Header fields that the backend has seen, in the same order. */
  readonly fields: readonly NodeJS.Dict<string | string[]>[];
  /** Waits until the backend is asked this. */
  arrival(request: string): Promise<void>;
}

/** What `/file` is. */
export const FILE: Buffer = randomBytes(4 * 1024 * 1024);
export const TEXT: string = 'The quick brown fox jumps over the lazy dog.\n'.repeat(500);

/**
 * A front end for HTTP/2 with a site of node:http behind it: `/text`, `/file`, `/missing`, `/slow` (no answer), and `/digest`, the
 * SHA-256 of what was sent there with its length and its trailers.
 */
export async function startHttp2Site(test: TestContext): Promise<Http2Site> {
  const asked: string[] = [];
  const fields: NodeJS.Dict<string | string[]>[] = [];
  const arrivals = new EventEmitter();
  const origin = await startHttpOrigin(test, (request, response) => {
    asked.push(`${request.method} ${request.url}`);
    fields.push(request.headers);
    arrivals.emit('arrival');
    if (request.url === '/slow') return;
    if (request.url === '/digest') {
      const hash = createHash('sha256');
      let length = 0;
      request.on('data', (chunk: Buffer) => {
        hash.update(chunk);
        length += chunk.length;
      });
      request.on('end', () => {
        const trailers = JSON.stringify(request.trailers);
        response.end(`${length} ${hash.digest('hex')} ${trailers}`);
      });
      return;
    }
    request.resume();
    if (request.url === '/missing') response.statusCode = 404;
    const content = request.url === '/file' ? FILE : TEXT;
    response.setHeader('content-length', content.length);
    response.end(content);
  });
  const front = await startHttp2Front(test, origin.address);
  const arrival = async (request: string) => {
    while (!asked.includes(request))
      await once(arrivals, 'arrival', { signal: AbortSignal.timeout(PATIENCE_MS) });
  };
  return { ...front, asked, fields, arrival };
}

export function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
