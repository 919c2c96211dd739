/** One of four backends fails, and clients should not notice. Retries, probes and ejection are the same for all: peers/fleet-policy.ts. */
import type { Trouble } from '../fleet.ts';
import type { OpenLoad } from '../load/load.ts';
import { SMALL_REQUEST } from './keep-alive.ts';
import { contestantsWith, type Judgement, PLAIN_FRONT, type Scenario } from './scenario.ts';

/** A tenth of what the slowest of them can do: nothing waits for anything but the backends. */
const STEADY: OpenLoad = { ...SMALL_REQUEST, shape: 'open', requestsPerSecond: 1000 };

const TROUBLES: Readonly<Record<Trouble, string>> = {
  dies: 'is gone: its port is closed',
  hangs: 'hangs: it accepts, and never answers',
  slow: 'is slow: it answers 500 ms later',
  flaps: 'flaps: it is gone every other second',
  errors: 'answers every tenth request with 500',
  resets: 'resets the connection of every tenth request',
};

export const failing: readonly Scenario[] = (Object.keys(TROUBLES) as Trouble[]).map((trouble) => ({
  id: `failing-${trouble}`,
  title: `1,000 requests/s for four backends, one of which ${TROUBLES[trouble]}`,
  measure: { kind: 'trouble', trouble, load: STEADY },
  contestants: contestantsWith({ ...PLAIN_FRONT, hasFleet: true }, ['portico', 'haproxy', 'nginx']),
  judgements: [noMoreThan('haproxy', { bar: undefined, aim: 0 }), noMoreThan('nginx', undefined)],
}));

function noMoreThan(against: string, target: Judgement['target']): Judgement {
  return { subject: 'portico', against, kind: 'difference', target };
}
