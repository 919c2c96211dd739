import { fileURLToPath } from 'node:url';
import type { Peer } from './peer.ts';

const PROXY = fileURLToPath(new URL('./node-http-proxy.ts', import.meta.url));

/** What the same job costs with Node's own HTTP classes. It has no tables: hosts and path rules mean nothing to it. */
export const nodeHttp: Peer = {
  name: 'node:http',
  program: undefined,
  prepare: ({ plainPort, tlsPort, originPort, certificate }) => ({
    file: process.execPath,
    args: [PROXY, JSON.stringify({ plainPort, tlsPort, originPort, ...certificate })],
  }),
  ready: undefined,
};
