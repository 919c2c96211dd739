/**
 * `node bench/floods.ts [--only rapidReset,ping] [--seconds 5] [--rate 500]`: what a flood of HTTP/2 costs those who behave. A client
 * at a fixed rate is measured before, during and after each flood, with the memory of the front end. Nothing else may run meanwhile.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { makeCertificate } from './certificate.ts';
import { type Child, killAll, start, stop, within } from './children.ts';
import type { RateLoad } from './load/load.ts';
import { runRate } from './load/rate.ts';
import { chooseCores } from './machine.ts';
import { prepareOrigin } from './origin.ts';
import { portico } from './peers/portico.ts';
import { freePorts, waitForPort } from './ports.ts';
import { readResidentKb } from './process-tree.ts';

const FLOOD_CLIENT = fileURLToPath(new URL('./load/flood-client.ts', import.meta.url));
const FLOODS = ['rapidReset', 'resetByZeroWindow', 'malformedRequest', 'ping', 'settings', 'priority'];
const START_TIMEOUT_MS = 10_000;
/** CVE-2023-44487 is survived when a client that behaves waits no more than twice as long, at 99 of 100 requests. */
const MOST_RATIO = 2;

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: FLOODS.join(',') },
    seconds: { type: 'string', default: '5' },
    rate: { type: 'string', default: '500' },
  },
});
const seconds = Number(values.seconds);
const directory = mkdtempSync(join(tmpdir(), 'portico-floods-'));
process.once('exit', () => {
  killAll();
  rmSync(directory, { recursive: true, force: true });
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(130));

const cores = chooseCores();
const [plainPort, tlsPort, originPort, originH2Port] = (await freePorts(4)) as [
  number,
  number,
  number,
  number,
];
const load: RateLoad = {
  shape: 'rate',
  version: 'h2',
  tls: false,
  path: '/',
  method: 'GET',
  hosts: ['shop.example'],
  headers: {},
  body: '',
  connections: 4,
  requestsPerSecond: Number(values.rate),
};
await startReady(
  prepareOrigin(directory, { 'http/1.1': originPort, h2: originH2Port }),
  originPort,
  cores.load,
);
const front = await startReady(
  portico.prepare({
    directory,
    plainPort,
    tlsPort,
    originPort,
    certificate: makeCertificate(directory, 'localhost'),
    hostCertificates: undefined,
    front: {
      hosts: ['shop.example'],
      pathRules: [],
      accessLog: false,
      hasHostCertificates: false,
      clients: 'h2',
      origin: 'http/1.1',
      pipelining: 1,
    },
  }),
  plainPort,
  cores.proxy,
);
await sample();
let isGood = true;
console.log(
  'flood              units/s  conns/s   p99 ms before, during, after   ratio   MiB before, during, after',
);
for (const flood of values.only.split(',')) isGood = (await measure(flood)) && isGood;
await stop(front);
process.exit(isGood ? 0 : 1);

async function measure(flood: string): Promise<boolean> {
  const before = await sample();
  const attacker = start(
    { file: process.execPath, args: [FLOOD_CLIENT, String(plainPort), flood] },
    cores.load,
  );
  const during = await sample();
  attacker.process.stdin?.end();
  if ((await within(attacker.ended, START_TIMEOUT_MS)) !== 0) throw new Error(attacker.stderr());
  const { units, connections } = JSON.parse(attacker.stdout()) as { units: number; connections: number };
  const after = await sample();
  const ratio = during.p99 / before.p99;
  const latencies = [before, during, after].map(({ p99 }) => p99.toFixed(2).padStart(9)).join('');
  const memory = [before, during, after].map(({ mib }) => mib.toFixed(0).padStart(8)).join('');
  const rates = [units, connections].map((count) => String(Math.round(count / seconds)).padStart(9)).join('');
  console.log(`${flood.padEnd(17)}${rates} ${latencies}     ${ratio.toFixed(2)}   ${memory}`);
  return ratio <= MOST_RATIO && during.fault === undefined;
}

/** The client that behaves: 99 of 100 answers came within `p99` milliseconds. */
async function sample(): Promise<{ p99: number; mib: number; fault: string | undefined }> {
  const { latency, fault } = await runRate(load, plainPort, seconds, cores.load, directory);
  if (fault !== undefined) console.log(`the client that behaves: ${fault}`);
  return { p99: (latency?.p99 ?? 0) / 1000, mib: readResidentKb(front.pid) / 1024, fault };
}

async function startReady(
  command: Parameters<typeof start>[0],
  port: number,
  core: number | undefined,
): Promise<Child> {
  const child = start(command, core);
  let isOver = false;
  const timer = setTimeout(() => {
    isOver = true;
  }, START_TIMEOUT_MS);
  if (!(await waitForPort(port, () => isOver))) throw new Error(`${command.file}: ${child.stderr()}`);
  clearTimeout(timer);
  return child;
}
