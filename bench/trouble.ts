/** What a client notices when one backend of a fleet fails. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Running } from './contestant.ts';
import { cpuBetween, readCpu } from './cpu.ts';
import type { Sample } from './judge.ts';
import type { OpenLoad } from './load/load.ts';
import { runOpenLoop } from './load/open-loop.ts';
import type { OpenLoopPart } from './load/open-loop-client.ts';
import type { Measure } from './scenarios/scenario.ts';
import type { Stage } from './stage.ts';

type TroubleMeasure = Extract<Measure, { kind: 'trouble' }>;

/** Until V8 has compiled what is hot, at a few times the rate. */
const WARM_UP = { seconds: 1, times: 3 };
/** Of the phase in which all is well. */
const WELL_SECONDS = 2;
/** After it two good probes have come, and a second without failures has passed. */
const RECOVERY_MS = 2500;

/** Throws when not every answer is good while nothing is the matter. */
export async function warmUpFleet(load: OpenLoad, { plainPort }: Running, { cores }: Stage): Promise<void> {
  const { seconds, times } = WARM_UP;
  const eager = { ...load, requestsPerSecond: load.requestsPerSecond * times };
  const { before: well } = await runOpenLoop(eager, plainPort, [seconds, 0], cores.load);
  const failures = failuresOf(well);
  if (failures > 0) throw new Error(`${failures} requests fail while all backends are well`);
}

/** Failed requests of 10,000, from the moment on at which the trouble begins. */
export async function sampleTrouble(
  { trouble, load }: TroubleMeasure,
  { plainPort, fleet, child }: Running,
  { cores }: Stage,
  seconds: number,
): Promise<Sample> {
  if (fleet === undefined) throw new Error('there is no fleet that could have a trouble');
  if (fleet.hadTrouble) await delay(RECOVERY_MS);
  fleet.hadTrouble = true;
  try {
    const cpuBefore = readCpu(child.pid);
    const seenBefore = await fleet.count();
    const phases = [WELL_SECONDS, seconds] as const;
    const { sent, before, behind } = await runOpenLoop(
      load,
      plainPort,
      phases,
      cores.load,
      fleet.urlOf(trouble),
    );
    const cpu = cpuBetween(cpuBefore, readCpu(child.pid));
    const extra = (await fleet.count()) - seenBefore - sent;
    if (failuresOf(before) > 0) return { ok: false, reason: 'requests fail while all backends are well' };
    const share = (count: number): number => (count / behind.settled) * 10_000;
    const { failed, p50, p99 } = behind;
    return {
      ok: true,
      value: share(failuresOf(behind)),
      detail: {
        parts: {
          status: share(failed.status),
          cut: share(failed.cut),
          late: share(failed.late),
          'p50 ms': before.p50,
          '+p50': p50 - before.p50,
          'p99 ms': before.p99,
          '+p99': p99 - before.p99,
          'extra %': (extra / behind.settled) * 100,
        },
        perSecond: behind.settled / seconds,
        load: cpu.total / ((WELL_SECONDS + seconds) * 1e6),
        foreign: 0,
      },
    };
  } finally {
    await fetch(fleet.urlOf('well'));
  }
}

function failuresOf({ failed }: OpenLoopPart): number {
  return failed.status + failed.cut + failed.late;
}
