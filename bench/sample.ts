/** One figure of one contestant. */

import type { Running } from './contestant.ts';
import { type CpuUse, cpuBetween, readCoreBusyUs, readCpu } from './cpu.ts';
import type { Sample, SampleDetail } from './judge.ts';
import { runHandshakes } from './load/handshakes.ts';
import { growthPerConnection } from './load/idle.ts';
import type { HttpLoad, LoadResult, RateLoad, StreamLoad } from './load/load.ts';
import { runRate } from './load/rate.ts';
import { runStreams } from './load/streams.ts';
import { runWrk } from './load/wrk.ts';
import { readResidentKb } from './process-tree.ts';
import { costUnit, type Measure } from './scenarios/scenario.ts';
import type { Stage } from './stage.ts';

type CpuMeasure = Extract<Measure, { kind: 'cpu' }>;
type IdleMemoryMeasure = Extract<Measure, { kind: 'idle-memory' }>;

const GIB = 2 ** 30;

/** Long enough for V8 to compile what is hot, and for upstream connections to be open. */
const WARM_UP_SECONDS = 3;

/** Until hardly anything is compiled beside the answers, on the same core: a 99th percentile sees a hundredth of the time. */
const LATENCY_WARM_UP_SECONDS = 10;

/** What is compiled for connections that always have something to do is thrown away when they first have nothing. */
const RATE_WARM_UP_SECONDS = 5;

/** Streams of each connection in the warm-up of a fixed rate over HTTP/2. */
const WARM_UP_STREAMS = 10;

/**
 * The load without the measurement, a fixed rate as fast as it goes and then as it is: what waits most of the time takes minutes to be
 * called often enough to be compiled, and its 99th percentile would be the compiler's. Returns what was completed per second, 0 if
 * nothing: what fails here will fail in the samples, and be reported there.
 */
export async function warmUp(load: HttpLoad, running: Running, stage: Stage): Promise<number> {
  const eager = load.shape === 'rate' ? asFastAsItGoes(load) : load;
  const result = await runLoad(eager, running, stage, warmUpSeconds(load)).catch(() => undefined);
  if (load.shape === 'rate') await runLoad(load, running, stage, RATE_WARM_UP_SECONDS).catch(() => undefined);
  return result === undefined || result.completed === 0 ? 0 : result.completed / result.seconds;
}

/** Each host is asked for once: what a proxy makes at the first use of a certificate, others have made when they started. */
function warmUpSeconds(load: HttpLoad): number {
  if (load.shape === 'rate') return LATENCY_WARM_UP_SECONDS;
  const round = load.shape === 'handshakes' ? load.hosts.length / load.connectionsPerSecond : 0;
  return Math.max(WARM_UP_SECONDS, Math.ceil(round));
}

function asFastAsItGoes(load: RateLoad): StreamLoad {
  const streams = load.version === 'h2' ? WARM_UP_STREAMS : 1;
  return { ...load, shape: 'streams', streams, windowBits: 30 };
}

/** CPU per completed unit while the load runs, in the cost unit of it. */
export async function sampleCpu(
  { load, unit }: CpuMeasure,
  running: Running,
  stage: Stage,
  seconds: number,
): Promise<Sample> {
  const { result, cpu, foreignUs } = await withCpu(running, stage, () =>
    runLoad(load, running, stage, seconds),
  );
  if (result.fault !== undefined) return { ok: false, reason: result.fault };
  const completed = unit === 'GiB' ? (result.bytes ?? 0) / GIB : result.completed;
  if (completed === 0 || cpu.total === 0) return { ok: false, reason: 'nothing was completed' };
  const perUnit = (us: number): number => us / completed / costUnit(unit).microseconds;
  const parts = { user: perUnit(cpu.user), system: perUnit(cpu.system) };
  const detail = detailOf({ ...result, completed }, cpu, foreignUs, parts);
  return { ok: true, value: perUnit(cpu.total), detail };
}

/** Microseconds below which 99 of 100 answers came, under a rate that leaves the proxy time to spare. */
export async function sampleLatency(
  load: RateLoad,
  running: Running,
  stage: Stage,
  seconds: number,
): Promise<Sample> {
  const { result, cpu, foreignUs } = await withCpu(running, stage, () =>
    runRate(load, portOf(load, running), seconds, stage.cores.load, stage.directory),
  );
  const { fault, latency } = result;
  if (fault !== undefined) return { ok: false, reason: fault };
  if (latency === undefined) return { ok: false, reason: 'nothing was completed' };
  const parts = { p50: latency.p50, 'p99.9': latency.p999 };
  return { ok: true, value: latency.p99, detail: detailOf(result, cpu, foreignUs, parts) };
}

/** KiB of resident memory per idle connection. */
export async function sampleIdleMemory(
  measure: IdleMemoryMeasure,
  running: Running,
  stage: Stage,
): Promise<Sample> {
  const readKb = (): number => readResidentKb(running.child.pid);
  const { connections, tls } = measure;
  const protocols = running.contestant.front.clients === 'stream' ? [] : ['http/1.1'];
  const client = { port: portOf(measure, running), tls, protocols };
  const value = await growthPerConnection(connections, client, stage.cores.load, readKb);
  return { ok: true, value, detail: undefined };
}

interface CpuOfRun<Result> {
  readonly result: Result;
  readonly cpu: CpuUse;
  /** What others used of the proxy's core meanwhile. */
  readonly foreignUs: number;
}

async function withCpu<Result>(
  running: Running,
  stage: Stage,
  load: () => Promise<Result>,
): Promise<CpuOfRun<Result>> {
  const core = stage.cores.proxy;
  const busyBefore = core === undefined ? 0 : readCoreBusyUs(core);
  const before = readCpu(running.child.pid);
  const result = await load();
  const cpu = cpuBetween(before, readCpu(running.child.pid));
  const busy = core === undefined ? cpu.total : readCoreBusyUs(core) - busyBefore;
  return { result, cpu, foreignUs: Math.max(0, busy - cpu.total) };
}

function detailOf(
  { completed, seconds }: LoadResult,
  cpu: CpuUse,
  foreignUs: number,
  parts: SampleDetail['parts'],
): SampleDetail {
  const wallUs = seconds * 1e6;
  return { parts, perSecond: completed / seconds, load: cpu.total / wallUs, foreign: foreignUs / wallUs };
}

function runLoad(load: HttpLoad, running: Running, stage: Stage, seconds: number): Promise<LoadResult> {
  const port = portOf(load, running);
  const core = stage.cores.load;
  switch (load.shape) {
    case 'handshakes':
      return runHandshakes(load, port, seconds, core);
    case 'streams':
      return runStreams(load, port, seconds, running.perSecond, core, stage.directory);
    case 'rate':
      return runRate(load, port, seconds, core, stage.directory);
    case 'closed':
      return runWrk(load, port, seconds, core, stage.directory);
  }
}

function portOf({ tls }: { readonly tls: boolean }, { tlsPort, plainPort }: Running): number {
  return tls ? tlsPort : plainPort;
}
