/** How long an answer takes when the proxy has time to spare: what a user feels, and what pauses would spoil. */
import type { RateLoad } from '../load/load.ts';
import { EVERY_HTTP2_PEER } from './http2.ts';
import { SMALL_REQUEST } from './keep-alive.ts';
import { EVERY_PEER, ratioToNginx, type Scenario } from './scenario.ts';

/** So many that each sends one request every 10 ms: h2load looks no oftener, and fewer would send several at once. */
const CONNECTIONS = 50;
/** Each sends about six requests together every 10 ms, as a page with its parts. */
const FEW_CONNECTIONS = 8;
const STEADY: RateLoad = {
  ...SMALL_REQUEST,
  shape: 'rate',
  tls: true,
  connections: CONNECTIONS,
  requestsPerSecond: 5000,
};

export const latency: readonly Scenario[] = [
  {
    id: 'h2-latency',
    title: 'HTTP/2 over TLS, latency at 5,000 requests/s',
    measure: { kind: 'latency', load: { ...STEADY, version: 'h2' } },
    contestants: EVERY_HTTP2_PEER,
    judgements: ratioToNginx(1, 1),
  },
  {
    id: 'h2-latency-8',
    title: 'HTTP/2 over TLS, latency at 5,000 requests/s on 8 connections',
    measure: { kind: 'latency', load: { ...STEADY, version: 'h2', connections: FEW_CONNECTIONS } },
    contestants: EVERY_HTTP2_PEER,
    judgements: ratioToNginx(1, 1),
  },
  {
    id: 'h1-latency',
    title: 'HTTP/1.1 over TLS, latency at 5,000 requests/s',
    measure: { kind: 'latency', load: STEADY },
    contestants: EVERY_PEER,
    judgements: ratioToNginx(1, 1).map((judgement) => ({ ...judgement, target: undefined })),
  },
];
