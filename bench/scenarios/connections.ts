import { SMALL_GET, SMALL_REQUEST } from './keep-alive.ts';
import { EVERY_PEER, ratioToNginx, type Scenario } from './scenario.ts';

/** Below what the slowest peer can take on one core, so that all are measured under the same load. */
const HANDSHAKES_PER_SECOND = 800;

export const connections: readonly Scenario[] = [
  {
    id: 'connections-plain',
    title: 'New connection for every request',
    measure: { kind: 'cpu', unit: 'connection', load: { ...SMALL_GET, newConnections: true } },
    contestants: EVERY_PEER,
    judgements: ratioToNginx(2.4, 1.8),
  },
  {
    id: 'connections-tls',
    title: 'New TLS connection for every request, full handshake, P-256',
    measure: {
      kind: 'cpu',
      unit: 'connection',
      load: {
        ...SMALL_REQUEST,
        shape: 'handshakes',
        tls: true,
        connectionsPerSecond: HANDSHAKES_PER_SECOND,
      },
    },
    contestants: EVERY_PEER,
    judgements: ratioToNginx(1.6, 1.3),
  },
];
