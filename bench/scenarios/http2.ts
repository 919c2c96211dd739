/** HTTP/2 from the client: small requests, of which the protocol itself is the greater part. */
import type { StreamLoad } from '../load/load.ts';
import { GRPC_MESSAGE, GRPC_PATH } from '../origin.ts';
import { BROWSER_HEADERS, SMALL_REQUEST } from './keep-alive.ts';
import { contestantsWith, type Judgement, PLAIN_FRONT, type Scenario } from './scenario.ts';

const HTTP2_FRONT = { ...PLAIN_FRONT, clients: 'h2' } as const;
const HTTP2_THROUGH = { ...HTTP2_FRONT, origin: 'h2' } as const;
const RIVALS = ['portico', 'nginx', 'haproxy', 'node:http2'] as const;

/** Every peer that speaks HTTP/2 to clients, and HTTP/1.1 to the origin. */
export const EVERY_HTTP2_PEER = contestantsWith(HTTP2_FRONT, RIVALS);

/** 8 connections with 32 requests in flight on each; windows of 16 MiB, which is the size that browsers grant. */
export const SMALL_STREAMS: StreamLoad = {
  ...SMALL_REQUEST,
  shape: 'streams',
  tls: true,
  version: 'h2',
  connections: 8,
  streams: 32,
  windowBits: 24,
};

const TO_HAPROXY: Judgement = {
  subject: 'portico',
  against: 'haproxy',
  kind: 'ratio',
  target: { bar: undefined, aim: 1 },
};
const TO_BOTH: readonly Judgement[] = [
  { subject: 'portico', against: 'nginx', kind: 'ratio', target: { bar: 1.2, aim: 0.9 } },
  TO_HAPROXY,
];

export const http2: readonly Scenario[] = [
  {
    id: 'h2-tls',
    title: 'HTTP/2 over TLS, 8 connections with 32 streams, small response',
    measure: { kind: 'cpu', unit: 'request', load: SMALL_STREAMS },
    contestants: EVERY_HTTP2_PEER,
    judgements: TO_BOTH,
  },
  {
    id: 'h2-tls-1x100',
    title: 'HTTP/2 over TLS, 1 connection with 100 streams, small response',
    measure: { kind: 'cpu', unit: 'request', load: { ...SMALL_STREAMS, connections: 1, streams: 100 } },
    contestants: EVERY_HTTP2_PEER,
    judgements: TO_BOTH,
  },
  {
    id: 'h2-headers-1k',
    title: 'HTTP/2 over TLS, 1 KB of request headers',
    measure: { kind: 'cpu', unit: 'request', load: { ...SMALL_STREAMS, headers: BROWSER_HEADERS } },
    contestants: EVERY_HTTP2_PEER,
    judgements: TO_BOTH,
  },
  {
    id: 'h2-plain',
    title: 'HTTP/2 with prior knowledge, small response',
    measure: { kind: 'cpu', unit: 'request', load: { ...SMALL_STREAMS, tls: false } },
    contestants: EVERY_HTTP2_PEER,
    judgements: TO_BOTH,
  },
  {
    id: 'h2-to-h2c',
    title: 'HTTP/2 over TLS, HTTP/2 without TLS to the origin, small response',
    measure: { kind: 'cpu', unit: 'request', load: SMALL_STREAMS },
    // nginx 1.22 speaks HTTP/2 to an origin only as gRPC.
    contestants: contestantsWith(HTTP2_THROUGH, ['portico', 'haproxy', 'node:http2']),
    judgements: [TO_HAPROXY],
  },
  {
    id: 'grpc-unary',
    title: 'Unary calls of gRPC over TLS, HTTP/2 without TLS to the origin',
    measure: {
      kind: 'cpu',
      unit: 'request',
      load: {
        ...SMALL_STREAMS,
        path: GRPC_PATH,
        method: 'POST',
        headers: { 'content-type': 'application/grpc', te: 'trailers' },
        body: GRPC_MESSAGE,
      },
    },
    contestants: contestantsWith(HTTP2_THROUGH, RIVALS),
    judgements: TO_BOTH,
  },
];
