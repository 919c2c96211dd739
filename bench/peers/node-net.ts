import { fileURLToPath } from 'node:url';
import type { Peer } from './peer.ts';

const RELAY = fileURLToPath(new URL('./node-net-relay.ts', import.meta.url));

/** What the same job costs with Node's own sockets and pipes. It relays and knows nothing else. */
export const nodeNet: Peer = {
  name: 'node:net',
  program: undefined,
  prepare: ({ plainPort, tlsPort, originPort, certificate }) => ({
    file: process.execPath,
    args: [RELAY, JSON.stringify({ plainPort, tlsPort, originPort, ...certificate })],
  }),
  ready: undefined,
};
