import { once } from 'node:events';
import { type IncomingMessage, request as requestHttp1 } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { request as requestHttps } from 'node:https';
import type { Readable } from 'node:stream';
import type { TestContext } from 'node:test';
import type { HttpProtocol } from '../../src/core/settings.ts';
import { testAuthority } from './certificates.ts';
import { PATIENCE_MS } from './peer.ts';

/** How a client reaches a front end. */
export interface Way {
  readonly protocol: HttpProtocol;
  readonly tls: boolean;
}

/** A client of a `text/event-stream`, which takes its events one by one. Made of Node's clients, so that it can speak every version. */
export class EventSource {
  readonly contentType: string;
  readonly #body: Readable;
  readonly #end: () => void;
  #text = '';
  #wake: () => void = () => {};

  constructor(contentType: string, body: Readable, end: () => void) {
    this.contentType = contentType;
    this.#body = body;
    this.#end = end;
    body.setEncoding('utf8');
    for (const event of ['readable', 'end', 'close', 'error']) body.on(event, () => this.#wake());
  }

  /** The next event as it was written, without its empty line; undefined: the stream ended well before one was whole. */
  async next(): Promise<string | undefined> {
    for (;;) {
      const end = this.#text.indexOf('\n\n');
      if (end >= 0) {
        const event = this.#text.slice(0, end);
        this.#text = this.#text.slice(end + 2);
        return event;
      }
      const chunk: string | null = this.#body.read();
      if (chunk !== null) this.#text += chunk;
      else if (this.#body.readableEnded) return undefined;
      else if (this.#body.destroyed)
        throw new Error(`the stream was cut behind ${JSON.stringify(this.#text)}`);
      else await this.#change();
    }
  }

  /** Goes away in the middle, as a closed tab does. */
  leave(): void {
    this.#end();
  }

  #change(): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('no sign of an event')), PATIENCE_MS);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** Resolves when the head of the response is there. */
export function openEventSource(
  test: TestContext,
  port: number,
  path: string,
  way: Way,
): Promise<EventSource> {
  return way.protocol === 'h2' ? openHttp2(test, port, path, way.tls) : openHttp1(test, port, path, way.tls);
}

const HOST = 'shop.example';
const HEADERS = { accept: 'text/event-stream' };

async function openHttp1(test: TestContext, port: number, path: string, tls: boolean): Promise<EventSource> {
  const options = {
    host: '127.0.0.1',
    port,
    path,
    headers: { ...HEADERS, host: HOST },
    agent: false,
  } as const;
  const request = tls
    ? requestHttps({ ...options, servername: HOST, ca: testAuthority().cert })
    : requestHttp1(options);
  test.after(() => request.destroy());
  request.on('error', () => {});
  request.end();
  const [response] = (await once(request, 'response', {
    signal: AbortSignal.timeout(PATIENCE_MS),
  })) as [IncomingMessage];
  return new EventSource(response.headers['content-type'] ?? '', response, () => request.destroy());
}

async function openHttp2(test: TestContext, port: number, path: string, tls: boolean): Promise<EventSource> {
  const session = connectHttp2(`${tls ? 'https' : 'http'}://127.0.0.1:${port}`, {
    servername: HOST,
    ca: testAuthority().cert,
  });
  test.after(() => session.destroy());
  session.on('error', () => {});
  const stream = session.request({ ...HEADERS, ':authority': HOST, ':path': path });
  const [headers] = await once(stream, 'response', { signal: AbortSignal.timeout(PATIENCE_MS) });
  return new EventSource(headers['content-type'] ?? '', stream, () => {
    stream.close();
    session.close();
  });
}
