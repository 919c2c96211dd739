import { fileURLToPath } from 'node:url';
import type { Peer } from './peer.ts';

const PROXY = fileURLToPath(new URL('./node-http2-proxy.ts', import.meta.url));

/** What the same job costs with Node's own HTTP/2 streams. It has no tables, and no HTTP/1.1 for clients. */
export const nodeHttp2: Peer = {
  name: 'node:http2',
  program: undefined,
  prepare: ({ plainPort, tlsPort, originPort, certificate, front }) => ({
    file: process.execPath,
    args: [PROXY, JSON.stringify({ plainPort, tlsPort, originPort, origin: front.origin, ...certificate })],
  }),
  ready: undefined,
};
