/**
 * Long use of a whole front end, in search of what never comes back: memory, file descriptors, deadlines, counts.
 *
 *   npm run soak                            100,000 sessions that are broken off, then 300 reloads: about two minutes
 *   npm run soak -- --sessions 1000000      longer; --reloads N as well
 *
 * Exit code 0 when everything is flat after the warm-up, 1 when something grows, with the measurements.
 */
import { parseArgs } from 'node:util';
import { testCertificate } from '../support/certificates.ts';
import { FrontHandle } from './front-handle.ts';
import type { FrontSample } from './front-process.ts';
import { startSoakOrigin } from './origin.ts';
import { misdeed } from './sessions.ts';
import { slope } from './trend.ts';

const { values } = parseArgs({
  options: { sessions: { type: 'string', default: '100000' }, reloads: { type: 'string', default: '300' } },
});
/** Sessions at a time. */
const CONCURRENCY = 64;
/** Measurements, the first of which are warm-up. */
const STEPS = 12;
const WARM_UP = 4;
/** Growth that is noise, bytes over all steps after the warm-up. */
const HEAP_NOISE = 2 * 1024 * 1024;
const RESIDENT_NOISE = 24 * 1024 * 1024;

const { cert, key } = testCertificate(['shop.example']);
const files = { 'shop.pem': cert, 'shop.key': key };
const origin = await startSoakOrigin();
const problems = [
  ...(await runSteps('sessions', Number(values.sessions), churn)),
  ...(await runSteps('reloads', Number(values.reloads), reload)),
];
origin.server.close();
for (const problem of problems) console.error(problem);
console.log(problems.length === 0 ? 'flat' : `${problems.length} problems`);
process.exitCode = problems.length === 0 ? 0 : 1;

type Work = (front: FrontHandle, first: number, count: number) => Promise<void>;

async function runSteps(what: string, total: number, work: Work): Promise<readonly string[]> {
  const front = new FrontHandle();
  await front.configure(configuration(0), files);
  const samples: FrontSample[] = [];
  const count = Math.ceil(total / STEPS);
  for (let step = 0; step < STEPS; step++) {
    await work(front, step * count, count);
    const sample = await front.settledSample();
    samples.push(sample);
    console.log(`${(step + 1) * count} ${what}: ${JSON.stringify(sample)}`);
  }
  front.stop();
  return judge(what, samples);
}

async function churn(front: FrontHandle, first: number, count: number): Promise<void> {
  let next = first;
  const client = async (): Promise<void> => {
    while (next < first + count) await misdeed(next++)(front.ports);
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, client));
}

/** Every reload finds sessions under way. */
async function reload(front: FrontHandle, first: number, count: number): Promise<void> {
  for (let i = first; i < first + count; i++) {
    await Promise.all([churn(front, i * 20, 20), front.configure(configuration(i + 1), files)]);
  }
}

/** Large enough that one that is kept shows; every other has tenants, clusters and timeouts of its own. */
function configuration(version: number): string {
  const others = Array.from({ length: 100 }, (_, i) => `other${i}-${version}`);
  return `
listen: [{ address: "127.0.0.1:0" }, { address: "localhost:0", tls: true }]
timeouts: { clientHeader: 1s, clientIdle: 1s, clientBody: 1s, clientWrite: 1s, idle: 500ms, responseHeader: 500ms }
certificates: [{ cert: shop.pem, key: shop.key, default: true }]
defaultTenant: shop
tenants:
  shop: { hosts: ["shop.example"], routes: [{ cluster: web }] }
${others.map((name) => `  ${name}: { hosts: ["${name}.example"], routes: [{ cluster: ${name} }] }`).join('\n')}
clusters:
  web: { instances: [{ address: "${origin.address}" }], health: { fail: 1000 } }
${others.map((name) => `  ${name}: { instances: [{ address: "127.0.0.1:${1 + (version % 1000)}" }] }`).join('\n')}
`;
}

function judge(what: string, samples: readonly FrontSample[]): readonly string[] {
  const flat = samples.slice(WARM_UP);
  const last = samples.at(-1)!;
  const grows = (name: 'heapBytes' | 'residentBytes' | 'externalBytes', noise: number): string[] => {
    const growth = slope(flat.map((sample) => sample[name])) * (flat.length - 1);
    return growth <= noise ? [] : [`${what}: ${name} grew by ${Math.round(growth)} after the warm-up`];
  };
  const descriptors = new Set(flat.map(({ fileDescriptors }) => fileDescriptors));
  const left = (['sessions', 'exchanges', 'inFlight', 'upstreamConnections'] as const).filter(
    (name) => last[name] !== 0,
  );
  return [
    ...grows('heapBytes', HEAP_NOISE),
    ...grows('externalBytes', HEAP_NOISE),
    ...grows('residentBytes', RESIDENT_NOISE),
    ...(descriptors.size === 1 ? [] : [`${what}: file descriptors are not flat: ${[...descriptors]}`]),
    ...left.map((name) => `${what}: ${name} at the end: ${last[name]}`),
    ...(last.wheelTurns ? [`${what}: deadlines are left in the wheel`] : []),
    // The current one, and one that the code of the last reload may still have on its stack.
    ...(last.configurations <= 2 ? [] : [`${what}: ${last.configurations} configurations are still held`]),
    ...last.reports.map((report) => `${what}: ${report}`),
  ];
}
