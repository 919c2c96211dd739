import { parseArgs } from 'node:util';
import type { LoadResult } from '../config/load.ts';
import { sentenceOf } from '../core/sentence-of.ts';
import { importBfe } from '../import-bfe/import-bfe.ts';
import { type Finding, formatFinding } from '../import-bfe/report.ts';
import type { TextOutput } from './explain.ts';

const IMPORT_USAGE = 'portico import bfe DIR [--output FILE [--force]]';

/** What the command needs from outside. */
export interface ImportPorts {
  /** Loads a text as the configuration in that file, certificates and all. */
  load(text: string, file: string): LoadResult;
  exists(file: string): boolean;
  /** Replaces the file as a whole; throws as node:fs does. */
  write(file: string, text: string): void;
}

/**
 * `portico import bfe DIR`: a configuration of BFE as one of Portico, on `out` or in a file, and on `err` what became of each line. Returns
 * the exit code: 0 when everything was carried over, 1 when something was not, 2 when nothing was made.
 */
export function runImport(
  args: readonly string[],
  out: TextOutput,
  err: TextOutput,
  ports: ImportPorts,
): number {
  const read = readArguments(args);
  if (typeof read === 'string') {
    err.write(`${read}\nusage: ${IMPORT_USAGE}\n`);
    return 2;
  }
  const { directory, output, force } = read;
  if (output !== undefined && !force && ports.exists(output)) {
    err.write(`${output} is there already and stays as it is; --force replaces it\n`);
    return 2;
  }
  const { yaml, findings } = importBfe({ directory, output, load: ports.load });
  for (const finding of findings) err.write(formatFinding(finding));
  if (yaml === undefined) {
    err.write(`${directory}: nothing was made: ${counted(findings, 'error')} to be put right first\n`);
    return 2;
  }
  if (output === undefined) out.write(yaml);
  else {
    try {
      ports.write(output, yaml);
    } catch (error) {
      err.write(`the configuration cannot be written: ${sentenceOf(error)}\n`);
      return 2;
    }
  }
  const counts = (['kept', 'changed', 'dropped', 'error'] as const)
    .map((verdict) => `${counted(findings, verdict)} ${verdict}`)
    .join(', ');
  err.write(`${directory}: ${counts}${output === undefined ? '' : `; written to ${output}`}\n`);
  return findings.some(({ verdict }) => verdict === 'dropped' || verdict === 'error') ? 1 : 0;
}

function counted(findings: readonly Finding[], verdict: Finding['verdict']): number {
  return findings.filter((finding) => finding.verdict === verdict).length;
}

interface Arguments {
  readonly directory: string;
  readonly output: string | undefined;
  readonly force: boolean;
}

function readArguments(args: readonly string[]): Arguments | string {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { output: { type: 'string', short: 'o' }, force: { type: 'boolean' } },
    });
    const [source, directory, ...more] = positionals;
    if (source === undefined) return 'import needs to know from what: bfe';
    if (source !== 'bfe') return `nothing is imported from ${JSON.stringify(source)}, only from bfe`;
    if (directory === undefined || more.length > 0) return 'import bfe takes one directory, the conf of BFE';
    if (values.force === true && values.output === undefined) return '--force is for --output';
    return { directory, output: values.output, force: values.force ?? false };
  } catch (error) {
    // parseArgs reports what a person typed as a TypeError with a sentence for them.
    if (error instanceof TypeError) return error.message;
    throw error;
  }
}
