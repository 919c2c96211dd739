import type { ClosedLoad, RequestLoad } from '../load/load.ts';
import { EVERY_PEER, HOST, PLAIN_FRONT, ratioToNginx, type Scenario } from './scenario.ts';

export const SMALL_REQUEST: RequestLoad = {
  tls: false,
  version: 'http/1.1',
  path: '/small',
  method: 'GET',
  hosts: [HOST],
  headers: {},
  body: '',
};

/** 64 connections that stay open, small answers. */
export const SMALL_GET: ClosedLoad = {
  ...SMALL_REQUEST,
  shape: 'closed',
  connections: 64,
  newConnections: false,
};

/** What a browser sends, 1 KB with request line and Host. */
export const BROWSER_HEADERS: Readonly<Record<string, string>> = {
  'User-Agent':
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36',
  Accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8',
  'Accept-Language': 'en-GB,en;q=0.9,de;q=0.8,fr;q=0.7',
  'Accept-Encoding': 'gzip, deflate, br, zstd',
  'Cache-Control': 'max-age=0',
  Referer: 'https://localhost/catalogue/chairs?page=3&sort=price&colour=oak&width=60-80',
  'Sec-Fetch-Dest': 'document',
  'Sec-Fetch-Mode': 'navigate',
  'Sec-Fetch-Site': 'same-origin',
  'Upgrade-Insecure-Requests': '1',
  Cookie: `session=${'5f2c9ad1'.repeat(16)}; basket=${'00a1'.repeat(48)}; theme=dark; consent=${'1'.repeat(64)}`,
};

export const keepAlive: readonly Scenario[] = [
  {
    id: 'h1-plain',
    title: 'HTTP/1.1 keep-alive, small response',
    measure: { kind: 'cpu', unit: 'request', load: SMALL_GET },
    contestants: EVERY_PEER,
    judgements: ratioToNginx(1.5, 1.2),
  },
  {
    id: 'h1-tls',
    title: 'HTTP/1.1 keep-alive over TLS, small response',
    measure: { kind: 'cpu', unit: 'request', load: { ...SMALL_GET, tls: true } },
    contestants: EVERY_PEER,
    judgements: ratioToNginx(1.5, 1.2),
  },
  {
    id: 'h1-pipelined',
    title: 'HTTP/1.1 keep-alive, small response, pipelined to the origin by Portico alone',
    measure: { kind: 'cpu', unit: 'request', load: SMALL_GET },
    contestants: [
      ...EVERY_PEER,
      { label: 'portico, pipelined', peer: 'portico', front: { ...PLAIN_FRONT, pipelining: 16 } },
    ],
    judgements: [
      { subject: 'portico, pipelined', against: 'nginx', kind: 'ratio', target: { bar: 1.5, aim: 0.9 } },
      { subject: 'portico, pipelined', against: 'portico', kind: 'ratio', target: undefined },
    ],
  },
  {
    id: 'headers-1k',
    title: 'HTTP/1.1 keep-alive, 1 KB of request headers',
    measure: { kind: 'cpu', unit: 'request', load: { ...SMALL_GET, headers: BROWSER_HEADERS } },
    contestants: EVERY_PEER,
    judgements: ratioToNginx(1.4, 1),
  },
  {
    id: 'post-1k',
    title: 'HTTP/1.1 keep-alive, 1 KB POST',
    measure: { kind: 'cpu', unit: 'request', load: { ...SMALL_GET, method: 'POST', body: 'x'.repeat(1024) } },
    contestants: EVERY_PEER,
    judgements: ratioToNginx(1.4, 1),
  },
];
