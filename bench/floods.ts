/**
 * `node bench/floods.ts [--only rapidReset,ping] [--peers portico,nginx,haproxy] [--seconds 5] [--rate 500]`: what a flood of HTTP/2
 * costs those who behave. A client at a fixed rate is measured before each flood, while it goes elsewhere, during it and behind it,
 * with the memory of the front end. Nothing else may run meanwhile.
 *
 * Elsewhere is a second process of the same kind on the same core: attacker, client, origin and kernel then have all the work
 * that they have during the flood, and the core is shared as well. What is slower during the flood than that, the front end owes
 * to having both in one process.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { killAll, start, within } from './children.ts';
import { type Running, startContestant } from './contestant.ts';
import type { RateLoad } from './load/load.ts';
import { runRate } from './load/rate.ts';
import { readResidentKb } from './process-tree.ts';
import { SMALL_REQUEST } from './scenarios/keep-alive.ts';
import { contestantsWith, PLAIN_FRONT } from './scenarios/scenario.ts';
import { setStage } from './stage.ts';

interface Pair {
  readonly label: string;
  readonly front: Running;
  /** The same once more, for floods that go elsewhere. */
  readonly twin: Running;
}

/** The client that behaves: 99 of 100 answers came within `p99` milliseconds; undefined when something failed. */
interface Sample {
  readonly p99: number | undefined;
  readonly mib: number;
}

interface Attack {
  readonly units: number;
  readonly connections: number;
}

const FLOOD_CLIENT = fileURLToPath(new URL('./load/flood-client.ts', import.meta.url));
const FLOODS = ['rapidReset', 'resetByZeroWindow', 'malformedRequest', 'ping', 'settings', 'priority'];
const PEERS = contestantsWith({ ...PLAIN_FRONT, clients: 'h2' }, ['portico', 'nginx', 'haproxy']);
/** Attackers have a core to themselves, but for what the client that behaves and the origin need of it: those do not wait for them. */
const LEAST_PRIORITY = '19';
const ATTACKER_END_MS = 10_000;
/** Portico has survived a flood when a client that behaves waits no more than this times as long as with the flood elsewhere. */
const MOST_RATIO = 2;
const COLUMNS = [
  ...['units/s', 'conns/s', 'before', 'elsewhere', 'during', 'behind', '/before', '/elsewhere'],
  ...['before', 'during', 'behind'],
];

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: FLOODS.join(',') },
    peers: { type: 'string', default: PEERS.map(({ label }) => label).join(',') },
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

const load: RateLoad = {
  ...SMALL_REQUEST,
  shape: 'rate',
  version: 'h2',
  connections: 4,
  requestsPerSecond: Number(values.rate),
};
const stage = await setStage(directory);
const pairs = await startPairs(values.peers.split(','));
for (const { label, front } of pairs) await sample(label, front);
let isGood = true;
console.log('99th percentile in ms of a client that behaves, ratio of that during the flood, resident MiB');
printRow('flood', 'front', COLUMNS);
for (const flood of values.only.split(',')) {
  for (const pair of pairs) isGood = (await measure(flood, pair)) && isGood;
}
process.exit(isGood ? 0 : 1);

async function startPairs(wanted: readonly string[]): Promise<readonly Pair[]> {
  const started: Pair[] = [];
  for (const contestant of PEERS.filter(({ label }) => wanted.includes(label))) {
    try {
      const front = await startContestant(contestant, stage);
      started.push({ label: contestant.label, front, twin: await startContestant(contestant, stage) });
    } catch (error) {
      console.log(`${contestant.label}: ${error instanceof Error ? error.message : error}`);
    }
  }
  if (started.length === 0) throw new Error(`no peer of ${wanted} is there`);
  return started;
}

async function measure(flood: string, { label, front, twin }: Pair): Promise<boolean> {
  const underFlood = async (target: Running): Promise<[Sample, Attack]> => {
    const args = ['-n', LEAST_PRIORITY, process.execPath, FLOOD_CLIENT, String(target.plainPort), flood];
    const attacker = start({ file: 'nice', args }, stage.cores.load);
    const taken = await sample(label, front);
    attacker.process.stdin?.end();
    if ((await within(attacker.ended, ATTACKER_END_MS)) !== 0) throw new Error(attacker.stderr());
    return [taken, JSON.parse(attacker.stdout()) as Attack];
  };
  const before = await sample(label, front);
  const [elsewhere] = await underFlood(twin);
  const [during, { units, connections }] = await underFlood(front);
  const behind = await sample(label, front);
  const toElsewhere = ratio(during, elsewhere);
  printRow(flood, label, [
    ...[units, connections].map((count) => (count / seconds).toFixed(0)),
    ...[before, elsewhere, during, behind].map(({ p99 }) => decimals(p99)),
    ...[decimals(ratio(during, before)), decimals(toElsewhere)],
    ...[before, during, behind].map(({ mib }) => mib.toFixed(0)),
  ]);
  return label !== 'portico' || (toElsewhere !== undefined && toElsewhere <= MOST_RATIO);
}

async function sample(label: string, front: Running): Promise<Sample> {
  const result = await runRate(load, front.plainPort, seconds, stage.cores.load, directory).catch(
    (error: Error) => ({ latency: undefined, fault: error.message }),
  );
  if (result.fault !== undefined) console.log(`${label}: the client that behaves: ${result.fault}`);
  const p99 = result.fault === undefined ? result.latency?.p99 : undefined;
  return { p99: p99 === undefined ? undefined : p99 / 1000, mib: readResidentKb(front.child.pid) / 1024 };
}

function ratio(one: Sample, other: Sample): number | undefined {
  return one.p99 === undefined || other.p99 === undefined ? undefined : one.p99 / other.p99;
}

function decimals(value: number | undefined): string {
  return value === undefined ? '–' : value.toFixed(2);
}

function printRow(flood: string, label: string, cells: readonly string[]): void {
  const padded = cells.map((cell, column) => cell.padStart(column < 2 ? 9 : 11));
  console.log(flood.padEnd(18) + label.padEnd(8) + padded.join(''));
}
