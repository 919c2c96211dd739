import type { ClosedLoad } from '../load/load.ts';
import { SMALL_GET } from './keep-alive.ts';
import { EVERY_PEER, ratioToNginx, type Scenario } from './scenario.ts';

const MEDIUM: ClosedLoad = { ...SMALL_GET, path: '/64k', connections: 32 };
/** Few connections: what is cut off at the end of a sample has cost CPU and is not counted. */
const LARGE: ClosedLoad = { ...SMALL_GET, path: '/4m', connections: 8 };

export const bodies: readonly Scenario[] = [
  {
    id: 'body-64k',
    title: 'HTTP/1.1 keep-alive, 64 KiB response',
    measure: { kind: 'cpu', unit: 'request', load: MEDIUM },
    contestants: EVERY_PEER,
    judgements: ratioToNginx(1.6, 1.3),
  },
  {
    id: 'body-4m',
    title: 'HTTP/1.1 keep-alive, 4 MiB response',
    measure: { kind: 'cpu', unit: 'request', load: LARGE },
    contestants: EVERY_PEER,
    judgements: ratioToNginx(1.3, 1.05),
  },
  {
    id: 'body-4m-tls',
    title: 'HTTP/1.1 keep-alive over TLS, 4 MiB response',
    measure: { kind: 'cpu', unit: 'request', load: { ...LARGE, tls: true } },
    contestants: EVERY_PEER,
    judgements: ratioToNginx(1.4, 1.2),
  },
];
