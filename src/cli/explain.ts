import type { LoadResult } from '../config/load.ts';
import { formatProblems } from '../config/problem.ts';
import { explainReport } from '../explain/explain-report.ts';
import { Explainer } from '../explain/explainer.ts';
import { EXPLAIN_USAGE, type ExplainArguments } from './explain-arguments.ts';

/** Where a command writes; process.stdout is one. */
export interface TextOutput {
  write(text: string): unknown;
}

/** Says what is wrong with the arguments of `explain`, and returns the exit code. */
export function refuseExplain(sentence: string, err: TextOutput): number {
  err.write(`${sentence}\nusage: ${EXPLAIN_USAGE}\n`);
  return 2;
}

/**
 * `portico explain URL …`: what would become of one request, and why, without sending it. Returns the exit code: 0 also when the
 * decision is an error answer, 2 for a configuration that cannot be read.
 */
export function runExplain(
  { request, json }: ExplainArguments,
  loaded: LoadResult,
  out: TextOutput,
  err: TextOutput,
): number {
  if (!loaded.ok) {
    err.write(formatProblems(loaded.problems));
    return 2;
  }
  let explainer: Explainer;
  try {
    explainer = new Explainer(loaded.settings);
  } catch (error) {
    // A module from a file cannot be made.
    err.write(`${(error as Error).message}\n`);
    return 2;
  }
  const decision = explainer.explain(request);
  explainer.dispose();
  out.write(json ? `${JSON.stringify(decision, undefined, 2)}\n` : explainReport(decision));
  return 0;
}
