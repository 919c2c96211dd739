import type { TestContext } from 'node:test';
import { testCertificate } from './certificates.ts';
import { openClient, openTlsClient } from './client.ts';
import { type FrontOptions, startFront, type TestFront } from './front.ts';
import { type Origin, startOrigin } from './origin.ts';
import type { Peer } from './peer.ts';

/** How a test's client comes to be relayed. */
export type Way = 'terminated' | 'listener';
export const WAYS: readonly Way[] = ['terminated', 'listener'];

export interface StreamPlan {
  /** Addresses of the instances of cluster `feed`. */
  readonly instances: readonly string[];
  /** Further keys of the cluster, as YAML flow: `timeouts: { idle: 100ms }`. */
  readonly cluster?: string;
  /** What streams lead to; `feed` when absent. */
  readonly target?: string;
  readonly drain?: string;
}

/** Listeners of a configuration from `streamConfig`, by index. */
export const LISTENER: Readonly<Record<Way, number>> = { terminated: 0, listener: 1 };

/** A TLS listener whose tenant `feed` takes streams, and a plain one that takes nothing else. */
function streamConfig({ instances, cluster, target = 'feed', drain = '50ms' }: StreamPlan): string {
  const list = instances.map((address) => `{ address: "${address}" }`).join(', ');
  return `
listen: [{ address: "127.0.0.1:0", tls: true }, { address: "localhost:0", stream: ${target} }]
drain: ${drain}
certificates: [{ cert: feed.pem, key: feed.key, default: true }]
tenants: { feed: { hosts: ["feed.example"], tls: { protocols: [stream] }, stream: ${target} } }
clusters: { feed: { instances: [${list}]${cluster === undefined ? '' : `, ${cluster}`} } }
`;
}

function feedFiles(): Record<string, string> {
  const { cert, key } = testCertificate(['feed.example']);
  return { 'feed.pem': cert, 'feed.key': key };
}

export function startStreamFront(
  test: TestContext,
  plan: StreamPlan,
  options: Omit<FrontOptions, 'files'> = {},
  files: Readonly<Record<string, string>> = {},
): Promise<TestFront> {
  return startFront(test, streamConfig(plan), { files: { ...feedFiles(), ...files }, ...options });
}

/** A client that came this way; the stream is under way, or about to be. */
export function openStream(test: TestContext, front: TestFront, way: Way): Promise<Peer> {
  return way === 'terminated'
    ? openTlsClient(test, front.port(LISTENER.terminated), {
        servername: 'feed.example',
        ALPNProtocols: ['stream'],
      })
    : openClient(test, front.port(LISTENER.listener), 'localhost');
}

/** A stream that stands: client, its instance's end of it, and all around. */
export async function standingStream(
  test: TestContext,
  way: Way,
  plan: Omit<StreamPlan, 'instances'> = {},
  options: Omit<FrontOptions, 'files'> = {},
): Promise<{
  readonly front: TestFront;
  readonly origin: Origin;
  readonly client: Peer;
  readonly instance: Peer;
}> {
  const origin = await startOrigin(test);
  const front = await startStreamFront(test, { ...plan, instances: [origin.address] }, options);
  const client = await openStream(test, front, way);
  return { front, origin, client, instance: await origin.next() };
}
