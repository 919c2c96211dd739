/**
 * Long use of a whole front end, in search of what never comes back: memory, file descriptors, deadlines, counts.
 *
 *   npm run soak                            100,000 HTTP/1 and 20,000 HTTP/2 sessions that are broken off, then 300 reloads: three minutes
 *   npm run soak -- --sessions 1000000      longer; --http2-sessions N and --reloads N as well
 *
 * Exit code 0 when everything is flat after the warm-up, 1 when something grows, with the measurements.
 */
import { parseArgs } from 'node:util';
import { testCertificate } from '../support/certificates.ts';
import { FrontHandle } from './front-handle.ts';
import type { FrontSample } from './front-process.ts';
import { http1Misdeed } from './http1-misdeeds.ts';
import { startHttp1SoakOrigin } from './http1-origin.ts';
import { startHttp2SoakOrigin } from './http2-origin.ts';
import { FRAGILE_HOSTS, Http2Sessions, STEADY_HOSTS } from './http2-sessions.ts';
import { slope } from './trend.ts';

const { values } = parseArgs({
  options: {
    sessions: { type: 'string', default: '100000' },
    'http2-sessions': { type: 'string', default: '20000' },
    reloads: { type: 'string', default: '300' },
  },
});
/** Sessions at a time; many of HTTP/2 wait for a deadline of the front end. */
const HTTP1_CONCURRENCY = 64;
const HTTP2_CONCURRENCY = 256;
/** Measurements, the first of which are warm-up. */
const STEPS = 12;
const WARM_UP = 4;
/** Growth that is noise, bytes over all steps after the warm-up. */
const HEAP_NOISE = 2 * 1024 * 1024;
const RESIDENT_NOISE = 24 * 1024 * 1024;

const HOSTS = [...Object.entries(FRAGILE_HOSTS), ...Object.entries(STEADY_HOSTS)];
const { cert, key } = testCertificate(HOSTS.map(([, host]) => host));
const files = { 'shop.pem': cert, 'shop.key': key };
const origins = { 'http/1.1': await startHttp1SoakOrigin(), h2c: await startHttp2SoakOrigin() };
const http2 = new Http2Sessions();
const problems = [
  ...(await runSteps('HTTP/1 sessions', Number(values.sessions), churnHttp1)),
  ...(await runSteps('HTTP/2 sessions', Number(values['http2-sessions']), churnHttp2)),
  ...(await runSteps('reloads', Number(values.reloads), reload)),
  ...http2.faults.map((fault) => `a client that behaved: ${fault}`),
  ...http2.neverPlayed.map((name) => `never got to its end: ${name}`),
];
for (const { server } of Object.values(origins)) server.close();
console.log(`${http2.steady} HTTP/2 sessions behaved`);
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

function churnHttp1({ ports }: FrontHandle, first: number, count: number): Promise<void> {
  return churn(HTTP1_CONCURRENCY, first, count, (index) => http1Misdeed(index)(ports));
}

function churnHttp2({ ports }: FrontHandle, first: number, count: number): Promise<void> {
  return churn(HTTP2_CONCURRENCY, first, count, (index) => http2.play(index, ports));
}

async function churn(
  lanes: number,
  first: number,
  count: number,
  play: (index: number) => Promise<void>,
): Promise<void> {
  let next = first;
  const client = async (): Promise<void> => {
    while (next < first + count) await play(next++);
  };
  await Promise.all(Array.from({ length: lanes }, client));
}

/** Every reload finds sessions under way. */
async function reload(front: FrontHandle, first: number, count: number): Promise<void> {
  const http2Sessions = churnHttp2(front, first * 20, count * 20);
  for (let i = first; i < first + count; i++) {
    await Promise.all([churnHttp1(front, i * 20, 20), front.configure(configuration(i + 1), files)]);
  }
  await http2Sessions;
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
${HOSTS.map(([, host]) => `  ${nameOf(host)}: { hosts: ["${host}"], tls: { protocols: [h2, http/1.1] }, routes: [{ cluster: ${nameOf(host)} }] }`).join('\n')}
${others.map((name) => `  ${name}: { hosts: ["${name}.example"], routes: [{ cluster: ${name} }] }`).join('\n')}
clusters:
${HOSTS.map(([protocol, host]) => `  ${nameOf(host)}: ${cluster(protocol as keyof typeof origins, host)}`).join('\n')}
${others.map((name) => `  ${name}: { instances: [{ address: "127.0.0.1:${1 + (version % 1000)}" }] }`).join('\n')}
`;
}

function nameOf(host: string): string {
  return host.replace('.example', '');
}

/** Those that are asked for no misdeed of theirs may take their time. */
function cluster(protocol: keyof typeof origins, host: string): string {
  const patience = host === STEADY_HOSTS[protocol] ? 'timeouts: { responseHeader: 10s, idle: 1s }, ' : '';
  const spoken = protocol === 'h2c' ? 'protocol: h2c, ' : '';
  return `{ ${spoken}${patience}instances: [{ address: "${origins[protocol].address}" }], health: { fail: 1000 } }`;
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
