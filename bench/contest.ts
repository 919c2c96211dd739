/** One scenario: all contestants are started and checked, then take their samples in turn, round after round. */
import { setTimeout as delay } from 'node:timers/promises';
import { findFault } from './check.ts';
import { stop } from './children.ts';
import { deathOf, type Running, startContestant } from './contestant.ts';
import type { Sample, ScenarioResult } from './judge.ts';
import type { RequestLoad } from './load/load.ts';
import { sampleCpu, sampleIdleMemory, sampleLatency, warmUp } from './sample.ts';
import { SMALL_REQUEST } from './scenarios/keep-alive.ts';
import type { Contestant, Scenario } from './scenarios/scenario.ts';
import type { Stage } from './stage.ts';

export interface Schedule {
  readonly seconds: number;
  readonly rounds: number;
  /** Told which sample comes next. */
  readonly progress: (text: string) => void;
}

/** Runs a scenario to its end. What goes wrong with a contestant is in its result, never thrown. */
export async function runScenario(
  scenario: Scenario,
  stage: Stage,
  schedule: Schedule,
): Promise<ScenarioResult> {
  const results = scenario.contestants.map((contestant) => ({
    contestant,
    label: contestant.label,
    absent: undefined as string | undefined,
    samples: [] as Sample[],
  }));
  // Memory only ever grows in a process, so each of its samples needs a fresh one.
  const fresh = scenario.measure.kind === 'idle-memory';
  const running = new Map<Contestant, Running>();
  try {
    for (let round = 0; round < schedule.rounds; round++) {
      for (const result of results) {
        if (result.absent !== undefined) continue;
        schedule.progress(`${scenario.id}: round ${round + 1}, ${result.label}`);
        const { contestant } = result;
        try {
          const ready = running.get(contestant) ?? (await prepare(scenario, contestant, stage));
          running.set(contestant, ready);
          result.samples.push(await sample(scenario, ready, stage, schedule.seconds));
        } catch (error) {
          result.absent = error instanceof Error ? error.message : String(error);
        }
        const done = running.get(contestant);
        if (fresh && done !== undefined) {
          running.delete(contestant);
          await stop(done.child);
        }
      }
    }
  } finally {
    await Promise.all([...running.values()].map(({ child }) => stop(child)));
  }
  return { scenario, contestants: results.map(({ label, absent, samples }) => ({ label, absent, samples })) };
}

async function prepare(scenario: Scenario, contestant: Contestant, stage: Stage): Promise<Running> {
  const running = await startContestant(contestant, stage);
  const fault = await findFault(requestOf(scenario), running, contestant.front);
  if (fault !== undefined) {
    await stop(running.child);
    throw new Error(`wrong answer: ${fault}\n${running.child.stderr().trim()}`.trim());
  }
  if (scenario.measure.kind === 'idle-memory') return running;
  return { ...running, perSecond: await warmUp(scenario.measure.load, running, stage) };
}

async function sample(scenario: Scenario, running: Running, stage: Stage, seconds: number): Promise<Sample> {
  const { measure } = scenario;
  // What the turn before left in the queues of the kernel is worked off.
  await delay(100);
  try {
    if (measure.kind === 'idle-memory') return await sampleIdleMemory(measure, running, stage);
    if (measure.kind === 'latency') return await sampleLatency(measure.load, running, stage, seconds);
    return await sampleCpu(measure, running, stage, seconds);
  } catch (error) {
    return {
      ok: false,
      reason: deathOf(running) ?? (error instanceof Error ? error.message : String(error)),
    };
  }
}

function requestOf({ measure }: Scenario): RequestLoad {
  return measure.kind === 'idle-memory' ? { ...SMALL_REQUEST, tls: measure.tls } : measure.load;
}
