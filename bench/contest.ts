/** One scenario: all contestants are started and checked, then take their samples in turn, round after round. */
import { setTimeout as delay } from 'node:timers/promises';
import { findFault } from './check.ts';
import { deathOf, type Running, startContestant, stopContestant } from './contestant.ts';
import type { Sample, ScenarioResult } from './judge.ts';
import type { RequestLoad } from './load/load.ts';
import { sampleCpu, sampleIdleMemory, sampleLatency, warmUp } from './sample.ts';
import { SMALL_REQUEST } from './scenarios/keep-alive.ts';
import type { Contestant, Scenario } from './scenarios/scenario.ts';
import type { Stage } from './stage.ts';
import { sampleTrouble, warmUpFleet } from './trouble.ts';

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
    for (let round = 0; round < roundsOf(scenario, schedule); round++) {
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
          await stopContestant(done);
        }
      }
    }
  } finally {
    await Promise.all([...running.values()].map(stopContestant));
  }
  return { scenario, contestants: results.map(({ label, absent, samples }) => ({ label, absent, samples })) };
}

async function prepare(scenario: Scenario, contestant: Contestant, stage: Stage): Promise<Running> {
  const running = await startContestant(contestant, stage);
  const { measure } = scenario;
  if (measure.kind === 'trouble') {
    await warmUpFleet(measure.load, running, stage);
    return running;
  }
  const fault = await findFault(requestOf(scenario), running, contestant.front);
  if (fault !== undefined) {
    await stopContestant(running);
    throw new Error(`wrong answer: ${fault}\n${running.child.stderr().trim()}`.trim());
  }
  if (measure.kind === 'idle-memory') return running;
  return { ...running, perSecond: await warmUp(measure.load, running, stage) };
}

async function sample(scenario: Scenario, running: Running, stage: Stage, seconds: number): Promise<Sample> {
  const { measure } = scenario;
  // What the turn before left in the queues of the kernel is worked off.
  await delay(100);
  try {
    if (measure.kind === 'idle-memory') return await sampleIdleMemory(measure, running, stage);
    if (measure.kind === 'trouble') return await sampleTrouble(measure, running, stage, seconds);
    if (measure.kind === 'latency') return await sampleLatency(measure.load, running, stage, seconds);
    return await sampleCpu(measure, running, stage, seconds);
  } catch (error) {
    return {
      ok: false,
      reason: deathOf(running) ?? (error instanceof Error ? error.message : String(error)),
    };
  }
}

/** What a trouble costs is counted and hardly depends on the machine's mood: a third of the rounds tells it. */
function roundsOf({ measure }: Scenario, { rounds }: Schedule): number {
  return measure.kind === 'trouble' ? Math.ceil(rounds / 3) : rounds;
}

function requestOf({ measure }: Scenario): RequestLoad {
  return measure.kind === 'idle-memory' ? { ...SMALL_REQUEST, tls: measure.tls } : measure.load;
}
