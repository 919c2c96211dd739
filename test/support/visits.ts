import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { testCertificate } from './certificates.ts';
import { beginTlsClient, openClient } from './client.ts';
import { type FrontOptions, startFront, type TestFront } from './front.ts';
import { Http2Client } from './http2-client.ts';
import { PREFACE, settings } from './http2-wire.ts';
import { answering, type Origin, type OriginScript, ok, startOrigin } from './origin.ts';
import type { Peer } from './peer.ts';
import { startTlsOrigin } from './tls-origin.ts';

/** How a client can come to a front end. */
export const VISIT_WAYS = [
  'HTTP/1',
  'HTTP/2',
  'HTTP/1 over TLS',
  'HTTP/2 over TLS',
  'a stream',
  'a stream over TLS',
  'passthrough',
] as const;
export type VisitWay = (typeof VISIT_WAYS)[number];

/** Whose bytes are relayed as they are. */
export const STREAM_WAYS = ['a stream', 'a stream over TLS', 'passthrough'] as const satisfies VisitWay[];
/** Whose TLS ends at the front end. */
export const SECURED_WAYS = [
  'HTTP/1 over TLS',
  'HTTP/2 over TLS',
  'a stream over TLS',
] as const satisfies VisitWay[];

/** A client that is on its way, in whatever protocol; TLS may not be there yet. */
interface Visit {
  readonly peer: Peer;
  /** The TCP connection that it has. */
  readonly below: Socket;
  /** Says what the instance answers by `well`; it goes out when it can. */
  ask(): void;
  /** Waits for that answer, whole. */
  answered(): Promise<void>;
}

export interface VisitedFront {
  readonly front: TestFront;
  /** Where such clients get to. */
  readonly origin: Origin;
  visit(): Promise<Visit>;
}

export interface VisitPlan {
  readonly drain?: string;
  readonly clientHeader?: string;
  /** Addresses of further instances, which are chosen before the one that answers. */
  readonly before?: readonly string[];
  /** What the instance does instead. */
  readonly script?: OriginScript;
}

/** The instance has `said` of a client of streams and the end of its direction; what it then answers, the client gets. */
export async function assertEndPassedOn(
  front: TestFront,
  origin: Origin,
  client: Peer,
  said: string,
): Promise<void> {
  const instance = await origin.next();
  assert.equal(await instance.untilEnded(), 'end');
  assert.equal(instance.text, said);
  instance.end('and well');
  await client.untilText('and well');
  await front.settled();
  assert.equal(front.streams[0]!.ending, 'client-closed');
}

/** A front end for clients that come one way, and an instance that answers each. */
export async function startVisits(
  test: TestContext,
  way: VisitWay,
  options: Omit<FrontOptions, 'files'> = {},
  { drain = '50ms', clientHeader = '10s', before = [], script }: VisitPlan = {},
): Promise<VisitedFront & { readonly config: string }> {
  const origin = await originFor(test, way, script);
  const { cert, key } = testCertificate(['shop.example', 'feed.example']);
  const instances = [...before, origin.address].map((address) => `{ address: "${address}" }`).join(', ');
  const config = `
listen: [{ address: "127.0.0.1:0"${LISTENERS[way]} }]
drain: ${drain}
timeouts: { clientHeader: ${clientHeader} }
certificates: [{ cert: own.pem, key: own.key, default: true }]
defaultTenant: shop
tenants:
  shop: { hosts: ["shop.example"], routes: [{ cluster: web }] }
  feed: { hosts: ["feed.example"], tls: { protocols: [stream] }, stream: web }
  legacy: { hosts: ["legacy.example"], tls: { passthrough: web } }
clusters: { web: { retry: { attempts: 2 }, instances: [${instances}] } }
`;
  const files = { 'own.pem': cert, 'own.key': key };
  const front = await startFront(test, config, { ...options, files });
  return { front, origin, config, visit: () => visit(test, way, front.port()) };
}

const LISTENERS: Readonly<Record<VisitWay, string>> = {
  'HTTP/1': '',
  'HTTP/2': '',
  'HTTP/1 over TLS': ', tls: true',
  'HTTP/2 over TLS': ', tls: true',
  'a stream': ', stream: web',
  'a stream over TLS': ', tls: true',
  passthrough: ', tls: true',
};

function originFor(test: TestContext, way: VisitWay, script?: OriginScript): Promise<Origin> {
  if (way === 'passthrough')
    return startTlsOrigin(test, testCertificate(['legacy.example']), script ?? TALKING);
  return startOrigin(test, script ?? (way.startsWith('HTTP') ? answering(ok('well')) : TALKING));
}

/** Answers what comes, and ends when the client does. */
const TALKING: OriginScript = (connection) => {
  connection.socket.once('data', () => connection.send('well'));
  connection.ended.then(() => connection.socket.end());
};

async function visit(test: TestContext, way: VisitWay, port: number): Promise<Visit> {
  const plain = await openClient(test, port);
  const below = plain.socket;
  const over = (servername: string, protocol?: string): Peer => {
    const alpn = protocol === undefined ? {} : { ALPNProtocols: [protocol] };
    return beginTlsClient(test, port, { socket: below, servername, ...alpn }).peer;
  };
  switch (way) {
    case 'HTTP/1':
      return speakHttp1(plain, below);
    case 'HTTP/2':
      return speakHttp2(plain, below, 'http');
    case 'a stream':
      return speak(plain, below);
    case 'HTTP/1 over TLS':
      return speakHttp1(over('shop.example'), below);
    case 'HTTP/2 over TLS':
      return speakHttp2(over('shop.example', 'h2'), below, 'https');
    case 'a stream over TLS':
      return speak(over('feed.example'), below);
    case 'passthrough':
      return speak(over('legacy.example'), below);
  }
}

function speakHttp1(peer: Peer, below: Socket): Visit {
  return {
    peer,
    below,
    ask: () => void peer.send('GET / HTTP/1.1\r\nhost: shop.example\r\n\r\n'),
    answered: () => peer.untilText('well'),
  };
}

/** Its preface goes out at once: before it a client may say nothing else. */
function speakHttp2(peer: Peer, below: Socket, scheme: 'http' | 'https'): Visit {
  const client = new Http2Client(peer, scheme);
  client.send(PREFACE, settings());
  const exchange = client.exchange(1);
  return {
    peer,
    below,
    ask: () => void client.request(),
    answered: () => client.until(() => exchange.body === 'well', 'the answer'),
  };
}

function speak(peer: Peer, below: Socket): Visit {
  return { peer, below, ask: () => void peer.send('hello'), answered: () => peer.untilText('well') };
}
