import type { LoadResult } from '../config/load.ts';
import { formatProblems } from '../config/problem.ts';
import { explainReport } from '../explain/explain-report.ts';
import { Explainer } from '../explain/explainer.ts';
import { EXPLAIN_USAGE, readExplainArguments } from './explain-arguments.ts';

/** Where a command writes; process.stdout is one. */
export interface TextOutput {
  write(text: string): unknown;
}

/**
 * `portico explain URL …`: what would become of one request, and why, without sending it. Returns the exit code: 0 also when the
 * decision is an error answer, 2 for arguments or a configuration that cannot be read.
 */
export function runExplain(
  args: readonly string[],
  out: TextOutput,
  err: TextOutput,
  load: (file: string) => LoadResult,
): number {
  const read = readExplainArguments(args);
  if (typeof read === 'string') {
    err.write(`${read}\nusage: ${EXPLAIN_USAGE}\n`);
    return 2;
  }
  const loaded = load(read.file);
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
  const decision = explainer.explain(read.request);
  explainer.dispose();
  out.write(read.json ? `${JSON.stringify(decision, undefined, 2)}\n` : explainReport(decision));
  return 0;
}
