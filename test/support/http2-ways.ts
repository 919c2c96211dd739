import type { TestContext } from 'node:test';
import { type FrontOptions, plainConfig, startFront, type TestFront } from './front.ts';
import { type Http2Client, type Http2ClientOptions, openHttp2Client } from './http2-client.ts';
import { startTlsFront } from './tls-front.ts';

/** How HTTP/2 comes to a front end: with prior knowledge on a plain port, or by ALPN. */
export type Http2Way = 'plain' | 'TLS';

export interface FrontAndClients {
  readonly front: TestFront;
  /** Another client of it. */
  open(options?: Http2ClientOptions): Promise<Http2Client>;
}

/** A front end before one instance, for clients of HTTP/2. `top` holds further top-level lines. */
export async function startHttp2Way(
  test: TestContext,
  way: Http2Way,
  address: string,
  top = '',
  handlers: FrontOptions['handlers'] = {},
): Promise<FrontAndClients> {
  const front =
    way === 'plain'
      ? await startFront(test, plainConfig([address], top), { handlers })
      : await startTlsFront(test, { cluster: address, top }, handlers);
  return {
    front,
    open: (options = {}) =>
      openHttp2Client(test, front.port(), way === 'TLS' ? { tls: true, ...options } : options),
  };
}
