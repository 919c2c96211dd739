import type { ReadFile } from '../config/include.ts';
import type { LoadResult } from '../config/load.ts';
import { loadRenewable } from '../config/load-renewable.ts';
import { formatProblems } from '../config/problem.ts';
import { PairMemory } from '../tls/pair-memory.ts';
import type { Loaded } from '../workers/primary.ts';
import { loadChecked } from './check.ts';

/**
 * Reads a configuration for a server: settings, or all problems ready to print. `workers` replaces the file's number. `memory` is kept
 * from one load to the next: of ten thousand certificates few have changed.
 */
export function loadForRun(
  file: string,
  workers: number | undefined,
  memory: PairMemory = new PairMemory(),
): Loaded {
  const load = (readFile: ReadFile): LoadResult => {
    const result = loadChecked(file, readFile, memory);
    return result.ok && workers !== undefined
      ? { ...result, settings: { ...result.settings, workers } }
      : result;
  };
  const loaded = loadRenewable(load);
  return loaded.ok
    ? { ok: true, ...loaded.renewable }
    : { ok: false, report: formatProblems(loaded.problems) };
}
