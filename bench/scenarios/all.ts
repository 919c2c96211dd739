import { accessLog } from './access-log.ts';
import { bodies } from './bodies.ts';
import { connections } from './connections.ts';
import { failing } from './failing.ts';
import { http2 } from './http2.ts';
import { http2Bodies } from './http2-bodies.ts';
import { idleMemory } from './idle-memory.ts';
import { keepAlive } from './keep-alive.ts';
import { latency } from './latency.ts';
import type { Scenario } from './scenario.ts';
import { streams } from './streams.ts';
import { tables } from './tables.ts';

const ALL: readonly Scenario[] = [
  ...keepAlive,
  ...bodies,
  ...connections,
  ...http2,
  ...http2Bodies,
  ...streams,
  ...latency,
  ...failing,
  ...tables,
  ...accessLog,
  ...idleMemory,
];

export const SCENARIO_IDS: readonly string[] = ALL.map(({ id }) => id);

/** The scenarios named, in the order named; `h2` also names all that begin with `h2-`. All for none. Throws on a name that is not one. */
export function chooseScenarios(only: readonly string[]): readonly Scenario[] {
  if (only.length === 0) return ALL;
  return only.flatMap((id) => {
    const exact = ALL.filter((scenario) => scenario.id === id);
    const found = exact.length > 0 ? exact : ALL.filter((scenario) => scenario.id.startsWith(`${id}-`));
    if (found.length === 0) throw new Error(`no scenario ${id}; there are: ${SCENARIO_IDS.join(', ')}`);
    return found;
  });
}
