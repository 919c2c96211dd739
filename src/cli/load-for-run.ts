import { formatProblems } from '../config/problem.ts';
import type { Loaded } from '../workers/primary.ts';
import { loadChecked } from './check.ts';

/** Reads a configuration for a server: settings, or all problems ready to print. `workers` replaces the file's number. */
export function loadForRun(file: string, workers: number | undefined): Loaded {
  const result = loadChecked(file);
  if (!result.ok) return { ok: false, report: formatProblems(result.problems) };
  const settings = workers === undefined ? result.settings : { ...result.settings, workers };
  return { ok: true, settings, warnings: formatProblems(result.warnings) };
}
