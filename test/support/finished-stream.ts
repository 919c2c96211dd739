import type { FinishedStream } from '../../src/core/callback-points.ts';
import { session } from './finished-exchange.ts';

/** A stream as `streamFinish` sees it: out of TLS, ended by its client after 12.5 ms, unless told otherwise. */
export function finishedStream(fields: Partial<FinishedStream> = {}): FinishedStream {
  return {
    session: session({ remoteAddress: '192.0.2.7' }, { serverName: 'feed.example.org', alpn: 'stream' }),
    id: '5f0c2a7e9b1d4c38',
    way: 'terminated',
    serverName: 'feed.example.org',
    beganAt: 1000,
    tenant: { name: 'feed' },
    cluster: { name: 'feed' },
    instance: { address: { text: '127.0.0.1:9003' } },
    attempts: 1,
    bytesIn: 412,
    bytesOut: 51_200,
    waitedMs: 0,
    connectedAt: 1000.25,
    finishedAt: 1012.5,
    ending: 'client-closed',
    error: undefined,
    ...fields,
  };
}
