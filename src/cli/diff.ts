import { parseArgs } from 'node:util';
import { readFault } from '../config/include.ts';
import type { LoadResult } from '../config/load.ts';
import { formatProblems } from '../config/problem.ts';
import type { ExplainedRequest } from '../explain/explained-request.ts';
import { Explainer } from '../explain/explainer.ts';
import { outcomeKey } from '../explain/outcome-text.ts';
import { readRecordedRequest } from '../explain/recorded-request.ts';
import { type DiffReport, differenceText, JsonReport, TextReport } from './diff-report.ts';
import type { TextOutput } from './explain.ts';
import { readLines } from './lines.ts';

const DIFF_USAGE = 'portico diff A B [--requests FILE] [--json]';

/** What the command needs from outside. */
export interface DiffPorts {
  load(file: string): LoadResult;
  /** The bytes of a file; of standard input without a name, undefined if nobody pipes anything in. Reading rejects as node:fs does. */
  open(file: string | undefined): AsyncIterable<Buffer | string> | undefined;
  /** Milliseconds since the epoch. */
  now(): number;
}

/**
 * `portico diff A B`: which of the requests the second configuration decides otherwise than the first. Resolves with the exit code, as
 * diff(1) has it: 0 none, 1 some, 2 for arguments, configurations or requests that cannot be read.
 */
export async function runDiff(
  args: readonly string[],
  out: TextOutput,
  err: TextOutput,
  ports: DiffPorts,
): Promise<number> {
  const read = readArguments(args);
  if (typeof read === 'string') {
    err.write(`${read}\nusage: ${DIFF_USAGE}\n`);
    return 2;
  }
  const [before, after] = read.files.map((file) => ports.load(file)) as [LoadResult, LoadResult];
  if (!before.ok || !after.ok) {
    for (const loaded of [before, after]) if (!loaded.ok) err.write(formatProblems(loaded.problems));
    return 2;
  }
  const { requests } = read;
  const source = ports.open(requests);
  if (source === undefined) {
    err.write(`there are no requests: name a file of them, or pipe one in\nusage: ${DIFF_USAGE}\n`);
    return 2;
  }
  const report = read.json ? new JsonReport(out) : new TextReport(out);
  const comparison = new Comparison(before, after, requests ?? 'standard input', report, err);
  try {
    const now = ports.now();
    for await (const { number, text } of readLines(source, MAX_LINE_BYTES))
      comparison.take(number, text, now);
  } catch (error) {
    err.write(`${requests ?? 'standard input'}: cannot be read: ${readFault(error)}\n`);
    return 2;
  }
  return comparison.end();
}

/** The longest line of the access log has five fields of 2048 characters, each of which may take six bytes. */
const MAX_LINE_BYTES = 256 * 1024;
/** Differences that are shown; beyond they are counted only. */
export const MAX_SHOWN = 10_000;
const MAX_COMPLAINTS = 10;

/** Compares request by request, and holds no more of them than were shown. */
class Comparison {
  readonly #before: Explainer;
  readonly #after: Explainer;
  readonly #source: string;
  readonly #report: DiffReport;
  readonly #err: TextOutput;
  readonly #shown = new Set<string>();
  #requests = 0;
  #different = 0;
  #passedOver = 0;
  #unreadable = 0;

  constructor(before: GoodResult, after: GoodResult, source: string, report: DiffReport, err: TextOutput) {
    this.#before = new Explainer(before.settings);
    this.#after = new Explainer(after.settings);
    this.#source = source;
    this.#report = report;
    this.#err = err;
  }

  take(number: number, line: string | undefined, now: number): void {
    const request =
      line === undefined ? `longer than ${MAX_LINE_BYTES} bytes` : readRecordedRequest(line, now);
    if (request === undefined) {
      this.#passedOver += 1;
    } else if (typeof request === 'string') {
      this.#unreadable += 1;
      if (this.#unreadable <= MAX_COMPLAINTS) this.#err.write(`${this.#source}:${number}: ${request}\n`);
    } else {
      this.#requests += 1;
      this.#compare(request);
    }
  }

  /** Says how it was; returns the exit code. */
  end(): number {
    this.#before.dispose();
    this.#after.dispose();
    const hidden = this.#unreadable - MAX_COMPLAINTS;
    if (hidden > 0) this.#err.write(`and ${hidden} more lines that cannot be read\n`);
    this.#report.end({
      requests: this.#requests,
      different: this.#different,
      linesWithoutRequest: this.#passedOver,
      unreadableLines: this.#unreadable,
    });
    if (this.#unreadable > 0) return 2;
    return this.#different > 0 ? 1 : 0;
  }

  #compare(request: ExplainedRequest): void {
    const before = this.#before.decide(request);
    const after = this.#after.decide(request);
    if (outcomeKey(before) === outcomeKey(after)) return;
    this.#different += 1;
    const text = differenceText(before, after);
    // A log has the same request many times.
    if (this.#shown.has(text) || this.#shown.size > MAX_SHOWN) return;
    this.#shown.add(text);
    if (this.#shown.size <= MAX_SHOWN) this.#report.difference(before, after);
    else this.#report.beyond(MAX_SHOWN);
  }
}

type GoodResult = Extract<LoadResult, { ok: true }>;

interface DiffArguments {
  readonly files: readonly string[];
  readonly requests: string | undefined;
  readonly json: boolean;
}

function readArguments(args: readonly string[]): DiffArguments | string {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { requests: { type: 'string' }, json: { type: 'boolean' } },
    });
    if (positionals.length !== 2) return 'diff takes two configurations';
    const { requests, json = false } = values;
    return { files: positionals, requests: requests === '-' ? undefined : requests, json };
  } catch (error) {
    // parseArgs reports what a person typed as a TypeError with a sentence for them.
    if (error instanceof TypeError) return error.message;
    throw error;
  }
}
