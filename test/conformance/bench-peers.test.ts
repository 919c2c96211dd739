import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeCertificate, makeHostCertificates } from '../../bench/certificate.ts';
import type { Command } from '../../bench/children.ts';
import { haproxy } from '../../bench/peers/haproxy.ts';
import { nginx } from '../../bench/peers/nginx.ts';
import { streamModule } from '../../bench/peers/nginx-stream.ts';
import type { Front, Peer } from '../../bench/peers/peer.ts';
import { portico } from '../../bench/peers/portico.ts';
import { freePorts } from '../../bench/ports.ts';
import { chooseScenarios } from '../../bench/scenarios/all.ts';
import { loadConfig } from '../../src/config/load.ts';
import { goodSettings } from '../support/configuration.ts';
import { commandMissing, commandPath } from '../support/outside-judge.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

/** Of ten thousand entries the first say as much about a configuration as all. */
const FEW = 3;

/** Everything that a peer is asked to be in any scenario, once. */
function frontsOf(peer: Peer): Front[] {
  const fronts = chooseScenarios([])
    .flatMap(({ contestants }) => contestants)
    .filter((contestant) => contestant.peer === peer.name)
    .map(({ front }) => ({
      ...front,
      hosts: front.hosts.slice(0, FEW),
      pathRules: front.pathRules.slice(0, FEW),
    }));
  return [...new Map(fronts.map((front) => [JSON.stringify(front), front])).values()];
}

async function everyConfiguration(
  directory: string,
  peer: Peer,
  isGood: (command: Command, front: Front) => void,
  fronts = frontsOf(peer),
): Promise<void> {
  const [plainPort = 0, tlsPort = 0, originPort = 0, ...fleet] = await freePorts(7);
  const certificate = makeCertificate(directory, 'localhost');
  assert.ok(fronts.length > 0);
  for (const front of fronts) {
    const hostCertificates = front.hasHostCertificates
      ? makeHostCertificates(join(directory, 'hosts'), front.hosts)
      : undefined;
    const fleetPorts = front.hasFleet ? fleet : undefined;
    const ports = { plainPort, tlsPort, originPort, fleetPorts };
    isGood(peer.prepare({ directory, ...ports, certificate, hostCertificates, front }), front);
  }
}

/** The program itself says whether it understands its configuration, asked with `option`. */
function accepts(option: string): (command: Command, front: Front) => void {
  return ({ file, args }, front) => {
    const { status, stderr } = spawnSync(commandPath(file) ?? file, [...args, option], { encoding: 'utf8' });
    assert.equal(status, 0, `${JSON.stringify(front)}\n${stderr}`);
  };
}

function streamModuleMissing(): false | string {
  try {
    streamModule();
    return false;
  } catch (error) {
    return `SKIPPED: ${error instanceof Error ? error.message : error}`;
  }
}

test('Portico takes every configuration of the benchmark', async (t) => {
  const directory = temporaryDirectory(t);

  await everyConfiguration(directory, portico, () => {
    goodSettings(loadConfig(join(directory, 'portico.yaml')));
  });
});

test('HAProxy takes every configuration of the benchmark', { skip: commandMissing('haproxy') }, async (t) => {
  await everyConfiguration(temporaryDirectory(t), haproxy, accepts('-c'));
});

test('nginx takes every configuration of the benchmark', { skip: commandMissing('nginx') }, async (t) => {
  const fronts = frontsOf(nginx).filter(({ clients }) => clients !== 'stream');

  await everyConfiguration(temporaryDirectory(t), nginx, accepts('-t'), fronts);
});

const skip = commandMissing('nginx') || streamModuleMissing();

test('nginx takes every configuration of the benchmark that relays streams', { skip }, async (t) => {
  const fronts = frontsOf(nginx).filter(({ clients }) => clients === 'stream');

  await everyConfiguration(temporaryDirectory(t), nginx, accepts('-t'), fronts);
});
