/** One figure of one contestant. */

import type { Running, Stage } from './contestant.ts';
import { cpuBetween, readCoreBusyUs, readCpu } from './cpu.ts';
import type { Sample } from './judge.ts';
import { runHandshakes } from './load/h2load.ts';
import { growthPerConnection } from './load/idle.ts';
import type { HttpLoad, LoadResult } from './load/load.ts';
import { runWrk } from './load/wrk.ts';
import { readResidentKb } from './process-tree.ts';

/** Long enough for V8 to compile what is hot, and for upstream connections to be open. */
const WARM_UP_SECONDS = 3;

/** The load without the measurement. What fails here will fail in the samples, and be reported there. */
export async function warmUp(load: HttpLoad, running: Running, stage: Stage): Promise<void> {
  await runLoad(load, running, stage, WARM_UP_SECONDS).catch(() => undefined);
}

/** CPU microseconds per completed unit while the load runs. */
export async function sampleCpu(
  load: HttpLoad,
  running: Running,
  stage: Stage,
  seconds: number,
): Promise<Sample> {
  const core = stage.cores.proxy;
  const busyBefore = core === undefined ? 0 : readCoreBusyUs(core);
  const before = readCpu(running.child.pid);
  const result = await runLoad(load, running, stage, seconds);
  const cpu = cpuBetween(before, readCpu(running.child.pid));
  const busy = core === undefined ? cpu.total : readCoreBusyUs(core) - busyBefore;
  if (result.fault !== undefined) return { ok: false, reason: result.fault };
  if (result.completed === 0 || cpu.total === 0) return { ok: false, reason: 'nothing was completed' };
  const wallUs = result.seconds * 1e6;
  return {
    ok: true,
    value: cpu.total / result.completed,
    detail: {
      user: cpu.user / result.completed,
      system: cpu.system / result.completed,
      perSecond: result.completed / result.seconds,
      load: cpu.total / wallUs,
      foreign: Math.max(0, busy - cpu.total) / wallUs,
    },
  };
}

/** KiB of resident memory per idle TLS connection. */
export async function sampleIdleMemory(connections: number, running: Running, stage: Stage): Promise<Sample> {
  const readKb = (): number => readResidentKb(running.child.pid);
  const value = await growthPerConnection(connections, running.tlsPort, stage.cores.load, readKb);
  return { ok: true, value, detail: undefined };
}

function runLoad(load: HttpLoad, running: Running, stage: Stage, seconds: number): Promise<LoadResult> {
  const port = load.tls ? running.tlsPort : running.plainPort;
  if (load.tool === 'h2load') return runHandshakes(load, port, seconds, stage.cores.load);
  return runWrk(load, port, seconds, stage.cores.load, stage.directory);
}
