import type { HandshakeLoad } from '../load/load.ts';
import type { PeerName } from '../peers/peer.ts';
import { SMALL_GET, SMALL_REQUEST } from './keep-alive.ts';
import { contestantsWith, EVERY_PEER, PLAIN_FRONT, ratioToNginx, type Scenario } from './scenario.ts';
import { MANY_NAMES, NAMES_PATTERN } from './tables.ts';

/** As many in a second as the slowest peer can take on one core, so that all are measured under the same load. */
const HANDSHAKES: HandshakeLoad = {
  ...SMALL_REQUEST,
  shape: 'handshakes',
  tls: true,
  connectionsPerSecond: 800,
  isResumed: false,
  group: 'X25519',
};
const CERTIFIED_PEERS: readonly PeerName[] = ['portico', 'nginx', 'haproxy'];

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
    measure: { kind: 'cpu', unit: 'connection', load: HANDSHAKES },
    contestants: EVERY_PEER,
    judgements: ratioToNginx(1.6, 1.3),
  },
  {
    id: 'connections-tls-hybrid',
    title: 'The same with a post-quantum part in the key exchange',
    measure: { kind: 'cpu', unit: 'connection', load: { ...HANDSHAKES, group: 'X25519MLKEM768' } },
    contestants: contestantsWith(PLAIN_FRONT, ['portico', 'node:http']),
    judgements: [{ subject: 'portico', against: 'node:http', kind: 'ratio', target: undefined }],
  },
  {
    id: 'connections-resumed',
    title: 'New TLS connection for every request, session resumed by ticket',
    measure: { kind: 'cpu', unit: 'connection', load: { ...HANDSHAKES, isResumed: true } },
    contestants: EVERY_PEER,
    judgements: ratioToNginx(1.6, 1.3),
  },
  {
    id: 'certificates-10k',
    title: 'Full handshakes, 10,000 hosts asked for in turn: a certificate for each against one for all',
    measure: { kind: 'cpu', unit: 'connection', load: { ...HANDSHAKES, hosts: MANY_NAMES } },
    contestants: CERTIFIED_PEERS.flatMap((peer) => [
      { label: peer, peer, front: { ...PLAIN_FRONT, hosts: MANY_NAMES, hasHostCertificates: true } },
      { label: `${peer}, 1 certificate`, peer, front: { ...PLAIN_FRONT, hosts: [NAMES_PATTERN] } },
    ]),
    judgements: [
      ...ratioToNginx(1.6, 1.3),
      ...CERTIFIED_PEERS.map((peer) => ({
        subject: peer,
        against: `${peer}, 1 certificate`,
        kind: 'ratio' as const,
        target: undefined,
      })),
    ],
  },
];
