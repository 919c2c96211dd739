/**
 * Streams that do nothing, thousands at a time through one process: none may be lost, each has a price in memory, and all of it comes back.
 *
 *   npm run soak:streams                     10,000 without TLS, then 10,000 behind it: about two minutes
 *   npm run soak:streams -- --streams 1000
 *
 * Exit code 0 when all held, 1 when not, with what was lost or left. Each stream takes two file descriptors of the front end. Where the
 * limit of a process allows fewer than were asked for, it says so and tries as many as there can be.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { testCertificate } from '../support/certificates.ts';
import { FrontHandle } from './front-handle.ts';
import type { FrontSample } from './front-process.ts';
import { IdleStreams } from './idle-stream-clients.ts';

const { values } = parseArgs({ options: { streams: { type: 'string', default: '10000' } } });

/** Files of a process that are not connections: listeners, modules, pipes. */
const OTHER_FILES = 100;
/** So many come and go before the first measurement: what is made once is not theirs. */
const WARM_STREAMS = 200;
const IDLE_MS = 5_000;
/** What a stream may take of resident memory at most, bytes: twice what was measured, garbage and all. */
const MOST_BYTES = { plain: 20 * 1024, tls: 110 * 1024 } as const;
/** Heap that is not back when all streams are gone and may be noise, bytes in all: code and tables that V8 keeps. */
const HEAP_NOISE = 2 * 1024 * 1024;
const SETTLE_MS = 30_000;
const HOST = 'feed.example';

const wanted = Number(values.streams);
const streams = Math.min(wanted, Math.floor((descriptorLimit() - OTHER_FILES) / 2));
const origin = fork(resolve(import.meta.dirname, 'echo-process.ts'));
const [originPort] = (await once(origin, 'message')) as [number];
const { cert, key } = testCertificate([HOST]);
const files = { 'feed.pem': cert, 'feed.key': key };
if (streams < wanted) {
  const needed = 2 * wanted + OTHER_FILES;
  console.error(
    `!!!\n!!! ulimit -n is ${descriptorLimit()}: ONLY ${streams} STREAMS of ${wanted}, which need ${needed}\n!!!`,
  );
}
const problems = [...(await hold('plain')), ...(await hold('tls'))];
origin.disconnect();
for (const problem of problems) console.error(problem);
console.log(problems.length === 0 ? 'all held' : `${problems.length} problems`);
process.exit(problems.length === 0 ? 0 : 1);

async function hold(kind: 'plain' | 'tls'): Promise<readonly string[]> {
  const front = new FrontHandle();
  await front.configure(configuration(0), files);
  const port = front.ports[kind === 'tls' ? 1 : 0]!;
  const serverName = kind === 'tls' ? HOST : undefined;
  const warm = new IdleStreams(port, serverName);
  await warm.open(WARM_STREAMS);
  warm.closeAll();
  const before = await settled(front);
  const clients = new IdleStreams(port, serverName);
  await clients.open(streams);
  const open = await front.sample();
  await delay(IDLE_MS);
  await front.configure(configuration(1), files);
  await clients.askAll();
  const { lost } = clients;
  clients.closeAll();
  const left = await settled(front);
  front.stop();
  return [...judgeOpen(kind, before, open, lost), ...judgeLeft(before, left)].map(
    (problem) => `${kind}: ${problem}`,
  );
}

/** Until all streams are gone. */
async function settled(front: FrontHandle): Promise<FrontSample> {
  for (const end = Date.now() + SETTLE_MS; ; ) {
    const sample = await front.sample();
    if ((sample.sessions === 0 && !sample.wheelTurns) || Date.now() > end) return sample;
  }
}

function judgeOpen(
  kind: 'plain' | 'tls',
  before: FrontSample,
  open: FrontSample,
  lost: number,
): readonly string[] {
  const resident = Math.round((open.residentBytes - before.residentBytes) / streams);
  const heap = Math.round((open.heapBytes - before.heapBytes) / streams);
  const descriptors = open.fileDescriptors - before.fileDescriptors;
  console.log(`${streams} idle streams, ${kind}: ${resident} bytes resident each, of them ${heap} heap`);
  return [
    ...(lost === 0 ? [] : [`${lost} streams were lost`]),
    ...(open.sessions === streams ? [] : [`${open.sessions} sessions instead of ${streams}`]),
    ...(descriptors === 2 * streams ? [] : [`${descriptors} file descriptors instead of ${2 * streams}`]),
    ...(resident <= MOST_BYTES[kind] ? [] : [`${resident} bytes each, more than ${MOST_BYTES[kind]}`]),
  ];
}

function judgeLeft(before: FrontSample, left: FrontSample): readonly string[] {
  const heap = left.heapBytes - before.heapBytes;
  const descriptors = left.fileDescriptors - before.fileDescriptors;
  console.log(`  when they are gone ${heap} bytes of the heap are left of all`);
  return [
    ...(heap <= HEAP_NOISE ? [] : [`${heap} bytes of the heap are left, more than ${HEAP_NOISE}`]),
    ...(left.sessions === 0 ? [] : [`${left.sessions} sessions are left`]),
    ...(descriptors === 0 ? [] : [`${descriptors} file descriptors are left`]),
    ...(left.wheelTurns ? ['deadlines are left in the wheel'] : []),
    ...left.reports,
  ];
}

function configuration(version: number): string {
  return `
listen: [{ address: "127.0.0.1:0", stream: feed }, { address: "localhost:0", tls: true }]
certificates: [{ cert: feed.pem, key: feed.key, default: true }]
tenants:
  feed: { hosts: ["${HOST}", "v${version}.example"], tls: { protocols: [stream] }, stream: { cluster: feed } }
clusters:
  feed: { timeouts: { idle: 10m }, instances: [{ address: "127.0.0.1:${originPort}" }] }
`;
}

/** Node raises its soft limit to the hard one when it starts. */
function descriptorLimit(): number {
  return Number(/^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1] ?? 1024);
}
