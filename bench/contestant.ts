/** A proxy that runs: started with its configuration, answering on its ports. */
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { makeHostCertificates } from './certificate.ts';
import { type Child, start, stop } from './children.ts';
import { type Fleet, startFleet } from './fleet.ts';
import { findProgram } from './machine.ts';
import { haproxy } from './peers/haproxy.ts';
import { nginx } from './peers/nginx.ts';
import { nodeHttp } from './peers/node-http.ts';
import { nodeHttp2 } from './peers/node-http2.ts';
import { nodeNet } from './peers/node-net.ts';
import type { Peer } from './peers/peer.ts';
import { portico } from './peers/portico.ts';
import { freePorts, waitForPort } from './ports.ts';
import type { Contestant } from './scenarios/scenario.ts';
import type { Stage } from './stage.ts';

export interface Running {
  readonly contestant: Contestant;
  readonly child: Child;
  readonly plainPort: number;
  readonly tlsPort: number;
  /** Where the origin is asked for the same, in the version that the contestant speaks to it. */
  readonly originPort: number;
  /** The backends behind it, if it has more than the origin. */
  readonly fleet: Fleet | undefined;
  /** What it completed in a second of the warm-up; undefined before that. */
  readonly perSecond: number | undefined;
}

/** A configuration with ten thousand hosts takes a moment to read. */
const START_TIMEOUT_MS = 30_000;
const PEERS: readonly Peer[] = [portico, nginx, haproxy, nodeHttp, nodeHttp2, nodeNet];

/** Starts a contestant on the proxy's core and waits until it serves; throws an Error that says why it does not. */
export async function startContestant(contestant: Contestant, stage: Stage): Promise<Running> {
  const peer = PEERS.find(({ name }) => name === contestant.peer);
  if (peer === undefined) throw new Error(`no peer ${contestant.peer}`);
  if (peer.program !== undefined && findProgram(peer.program) === undefined) throw new Error('not installed');
  const [plainPort = 0, tlsPort = 0] = await freePorts(2);
  const { certificate, cores } = stage;
  const directory = mkdtempSync(join(stage.directory, 'peer-'));
  const { front } = contestant;
  const originPort = stage.originPorts[front.origin];
  const hostCertificates = front.hasHostCertificates
    ? makeHostCertificates(join(stage.directory, 'host-certificates'), front.hosts)
    : undefined;
  const fleet = front.hasFleet ? await startFleet(cores.load) : undefined;
  const command = peer.prepare({
    directory,
    plainPort,
    tlsPort,
    originPort,
    fleetPorts: fleet?.ports,
    certificate,
    hostCertificates,
    front,
  });
  const child = start({ ...command, file: findProgram(command.file) ?? command.file }, cores.proxy);
  const running = { contestant, child, plainPort, tlsPort, originPort, fleet, perSecond: undefined };
  const problem = await waitUntilReady(peer, running);
  if (problem === undefined) return running;
  await stopContestant(running);
  throw new Error(`failed to start: ${problem}\n${child.stderr().trim()}`.trim());
}

export async function stopContestant({ child, fleet }: Running): Promise<void> {
  await stop(child);
  if (fleet !== undefined) await stop(fleet.child);
}

/** Why a contestant that ran is gone; undefined while it is there. */
export function deathOf({ child }: Running): string | undefined {
  const { exitCode, signalCode } = child.process;
  if (exitCode === null && signalCode === null) return undefined;
  return `ended with ${exitCode ?? signalCode}\n${child.stderr().trim()}`.trim();
}

async function waitUntilReady(peer: Peer, running: Running): Promise<string | undefined> {
  const { child, plainPort, tlsPort } = running;
  const deadline = Date.now() + START_TIMEOUT_MS;
  const giveUp = (): boolean => deathOf(running) !== undefined || Date.now() > deadline;
  while (peer.ready !== undefined && !peer.ready.test(child.stdout()) && !giveUp()) await delay(20);
  for (const port of [plainPort, tlsPort]) await waitForPort(port, giveUp);
  const { exitCode, signalCode } = child.process;
  if (exitCode !== null || signalCode !== null) return `ended with ${exitCode ?? signalCode}`;
  return giveUp() ? `not ready within ${START_TIMEOUT_MS} ms` : undefined;
}
